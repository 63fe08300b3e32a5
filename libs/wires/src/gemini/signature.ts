/**
 * Gemini refuses signatures that are not its own, and so do others with Gemini's. A conversation may go from one provider to another, so
 * a signature says whose it is: no provider's signature has a colon in it.
 */
const OWN = 'gemini:';

/** Google's word for a call whose signature is another model's or lost; Gemini 3 refuses a call without any. */
export const NO_SIGNATURE = 'skip_thought_signature_validator';

/** A signature of Gemini's as it goes into the answer. */
export function keptSignature(signature: string | undefined): { signature?: string } {
  return signature === undefined || signature === '' ? {} : { signature: OWN + signature };
}

/** What Gemini gets back: its own signature as it was, nothing of another's. */
export function ownSignature(signature: string | undefined): string | undefined {
  return signature?.startsWith(OWN) ? signature.slice(OWN.length) : undefined;
}
