/** Lets time pass: a schedule is made of it, and so is the pace of a load. */
export function pause(milliseconds: number): Promise<void> {
  // eslint-disable-next-line no-restricted-syntax -- faults and load happen in time
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
