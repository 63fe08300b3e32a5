import type { JsonObject } from '../hub/json-object.js';
import type { ReasoningPart } from '../hub/model-part.js';

/**
 * OpenAI's proof of a thought is its item's id and what it encrypted, and it refuses each without the other. A conversation may go from
 * one provider to another, so a signature says whose it is everywhere but on OpenAI's own wire: no provider's own has a colon in it.
 */
const OWN = 'openai:';
const REDACTED = 'redacted:';

/** The proof that a reasoning item holds, of whatever provider; nothing when it has none. */
export function readSignature(item: JsonObject): { readonly signature?: string; readonly isRedacted?: true } {
  const { id, encrypted_content: encrypted } = item;
  if (typeof encrypted !== 'string' || encrypted === '') return {};
  if (encrypted.startsWith(REDACTED)) return { signature: encrypted.slice(REDACTED.length), isRedacted: true };
  if (isForeignProof(encrypted)) return { signature: encrypted };
  return { signature: `${OWN}${typeof id === 'string' ? id : ''}:${encrypted}` };
}

/** True for what a client sends back as encrypted that is not OpenAI's. */
export function isForeignProof(encrypted: string): boolean {
  return encrypted.includes(':');
}

/** OpenAI's own proof: the id of the item (empty where a client dropped it) and what was encrypted. Undefined for another's. */
export function ownSignature(signature: string | undefined): { readonly id: string; readonly encrypted: string } | undefined {
  if (!signature?.startsWith(OWN)) return undefined;
  const [id = '', encrypted = ''] = signature.slice(OWN.length).split(':');
  return encrypted === '' ? undefined : { id, encrypted };
}

/** What a client keeps of a thought and sends back: OpenAI's own as it was, another's with its mark, null for none. */
export function shownSignature({ signature, isRedacted }: Pick<ReasoningPart, 'signature' | 'isRedacted'>): string | null {
  if (signature === undefined) return null;
  return ownSignature(signature)?.encrypted ?? (isRedacted === true ? REDACTED : '') + signature;
}
