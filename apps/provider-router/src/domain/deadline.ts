/** For requests that name no deadline: as long as a call of a provider may take by default. */
const OWN_LIMIT_MS = 900_000;
/** A timer waits for 24 days at most, and then fires at once. */
const LONGEST_MS = 20 * 86_400_000;

interface Dated {
  /** When it was published, Unix milliseconds. */
  readonly timestamp: number;
  readonly payload: { readonly deadlineMs: bigint };
}

/** Unix milliseconds after which nobody waits for the answer to a request; never more than 20 days after it was published. */
export function deadlineOf({ timestamp, payload }: Dated): number {
  const deadline = Number(payload.deadlineMs);
  return Math.min(deadline > 0 ? deadline : timestamp + OWN_LIMIT_MS, timestamp + LONGEST_MS);
}
