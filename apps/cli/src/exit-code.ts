/** How a command ends. */
export const exitCodes = {
  ok: 0,
  /** It was understood and did not succeed: NEXUS does not run, a question was not answered, something was not found. */
  failed: 1,
  /** It was not understood. */
  usage: 2,
} as const;

/** Set by a command that ran to its end without success, e.g. because the answer is a refusal. */
export class Failure extends Error {
  override readonly name = 'Failure';
}
