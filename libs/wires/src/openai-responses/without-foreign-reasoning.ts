import { isObject, type JsonObject } from '../hub/json-object.js';
import { isForeignProof } from './signature.js';

/**
 * A client's body as OpenAI takes it. Bodies go through as they are, but a conversation that another provider had a part in holds that
 * one's thoughts, as NEXUS wrote them, and OpenAI would refuse it for them: those items are left out. Gives the very same object when there
 * are none.
 */
export function withoutForeignReasoning(body: JsonObject): JsonObject {
  if (!Array.isArray(body.input)) return body;
  const input = body.input.filter((item: unknown) => !isForeignThought(item));
  return input.length === body.input.length ? body : { ...body, input };
}

/** The ids that NEXUS gives to thoughts end with their place in the answer; OpenAI's own have none. */
function isForeignThought(item: unknown): boolean {
  if (!isObject(item) || item.type !== 'reasoning') return false;
  const { id, encrypted_content: proof } = item;
  if (typeof proof === 'string' && proof !== '') return isForeignProof(proof);
  return typeof id === 'string' && /_\d+$/.test(id);
}
