/** Lets `ms` milliseconds pass: between two looks of a poll, or where being slow is the point. Tests poll instead. */
export function pause(ms: number): Promise<void> {
  // eslint-disable-next-line no-restricted-syntax -- the one sleep that polling is made of
  return new Promise((resolve) => setTimeout(resolve, ms));
}
