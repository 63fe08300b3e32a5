import { isObject, type JsonObject } from '../hub/json-object.js';

/** Whose the bare signatures of this wire are. A signature elsewhere says whose it is: no provider's own has a colon in it. */
const OWN = 'gemini:';

/** What Google's compatible endpoint wants back with a call: `extra_content.google.thought_signature`. */
export function readSignature(call: JsonObject): { readonly signature?: string } {
  const extra = call.extra_content;
  const google = isObject(extra) && isObject(extra.google) ? extra.google : undefined;
  const signature = google?.thought_signature;
  if (typeof signature !== 'string' || signature === '') return {};
  return { signature: signature.includes(':') ? signature : OWN + signature };
}

/** The same for clients, who send it back with the call when they keep what it came with. */
export function writeSignature(signature: string | undefined): { readonly extra_content?: JsonObject } {
  if (signature === undefined) return {};
  return { extra_content: { google: { thought_signature: signature.startsWith(OWN) ? signature.slice(OWN.length) : signature } } };
}
