/**
 * A provider takes back no signature but its own, and a conversation may go from one provider to another. So a signature says whose it is
 * everywhere but on Anthropic's own wire: no provider's signature has a colon in it.
 */
const OWN = 'anthropic:';

/** What the hub keeps of a signature on this wire, from Anthropic or from a client: Anthropic's own is bare here, another's says whose it is. */
export function keptSignature(signature: unknown): string | undefined {
  if (typeof signature !== 'string' || signature === '') return undefined;
  return isForeign(signature) ? signature : OWN + signature;
}

/** What Anthropic gets back: its own signature as it was, nothing of another's. */
export function ownSignature(signature: string | undefined): string | undefined {
  return signature?.startsWith(OWN) ? signature.slice(OWN.length) : undefined;
}

/** What a client gets: Anthropic's own as it was, another's with its mark, '' for none. */
export function shownSignature(signature: string | undefined): string {
  return ownSignature(signature) ?? signature ?? '';
}

/** True for a signature on this wire that is not Anthropic's. */
export function isForeign(signature: string): boolean {
  return signature.includes(':');
}
