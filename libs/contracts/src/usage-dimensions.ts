/** By what usage can be summed, in the order in which groups are told. */
export const usageDimensions = ['day', 'provider', 'model', 'client', 'project', 'key', 'user', 'agent'] as const;
export type UsageDimension = (typeof usageDimensions)[number];
