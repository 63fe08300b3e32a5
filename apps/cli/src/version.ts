/** The version of NEXUS. */
export const version = '0.1.0';
