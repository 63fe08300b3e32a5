/** Ends a switch over a union: a case that is forgotten is a compile error. */
export function assertExhaustive(value: never): never {
  throw new Error(`unexpected value: ${JSON.stringify(value)}`);
}
