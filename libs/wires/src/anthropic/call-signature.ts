/**
 * Some providers sign their calls, and want the signature back with them. Anthropic's calls have no place for one, but every client sends
 * back the block of a redacted thought as it was: so such a block goes before the call.
 */
const MARK = 'next:';

/** The block that goes before the call. */
export function writeCallSignature(signature: string): Record<string, unknown> {
  return { type: 'redacted_thinking', data: MARK + signature };
}

/** The signature of the call that follows; undefined when the data are a thought's. */
export function readCallSignature(data: unknown): string | undefined {
  return typeof data === 'string' && data.startsWith(MARK) ? data.slice(MARK.length) : undefined;
}
