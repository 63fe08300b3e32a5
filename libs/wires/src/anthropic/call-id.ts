/**
 * The id of a call as Anthropic takes it: letters, digits, `_` and `-`. Other providers' ids may have more in them; each such character
 * becomes `_` and its code, the same for the call and its result.
 */
export function callId(id: string): string {
  return id.replace(/[^\w-]/gu, (character) => `_${(character.codePointAt(0) ?? 0).toString(16)}`);
}
