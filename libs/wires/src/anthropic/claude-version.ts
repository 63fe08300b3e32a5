/**
 * The version in a Claude's name as a number (`claude-opus-4-8` is 4.08), Infinity for a Claude without one, and 0 for a model of another
 * maker that is spoken to on this wire: those know the form that Claude had at first.
 */
export function claudeVersion(model: string): number {
  if (!model.includes('claude')) return 0;
  const [, major, minor] = /claude-(?:[a-z]+-)*(\d{1,2})(?!\d)(?:[-.](\d{1,2})(?!\d))?/.exec(model) ?? [];
  return major === undefined ? Infinity : Number(major) + Number(minor ?? 0) / 100;
}

/** From here on the model itself decides how much it thinks, and an effort guides it; those before want a number of tokens. */
export const ADAPTIVE_THINKING = 4.06;

/** From here on the system may speak in the midst of a conversation. */
export const SYSTEM_IN_CONVERSATION = 4.08;
