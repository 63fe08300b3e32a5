import type { ModelRequest } from '../hub/model-request.js';

/** What a client sees of thoughts: with their words, without them but with their signatures (they must come back), or nothing. */
export type ShownThoughts = 'all' | 'signatures' | 'none';

/** As Anthropic does it: who did not ask for thinking finds no thought in the answer, whose first block may well be taken for the text. */
export function shownThoughts({ reasoning }: ModelRequest): ShownThoughts {
  if (!reasoning || reasoning.effort === 'none') return 'none';
  return reasoning.isShown === false ? 'signatures' : 'all';
}
