import { isObject, type JsonObject } from '../hub/json-object.js';
import { isForeign } from './signature.js';

/**
 * A client's body as Anthropic takes it. Bodies go through as they are, but a conversation that another provider had a part in holds that
 * one's thoughts and signatures, as NEXUS wrote them, and Anthropic would refuse it for them: those blocks are left out, and messages
 * that held nothing else. Gives the very same object when there are none.
 */
export function withoutForeignThoughts(body: JsonObject): JsonObject {
  const { messages } = body;
  if (!Array.isArray(messages)) return body;
  let isSame = true;
  const kept = messages.flatMap((message: unknown): unknown[] => {
    if (!isObject(message) || !Array.isArray(message['content'])) return [message];
    const content = message['content'].filter((block: unknown) => !isForeignThought(block));
    if (content.length === message['content'].length) return [message];
    isSame = false;
    return content.length > 0 ? [{ ...message, content }] : [];
  });
  return isSame ? body : { ...body, messages: kept };
}

/** Anthropic gives no thought without a signature, and needs none with it. */
function isForeignThought(block: unknown): boolean {
  if (!isObject(block)) return false;
  const { type, signature, data } = block;
  if (type === 'thinking') return typeof signature !== 'string' || signature === '' || isForeign(signature);
  return type === 'redacted_thinking' && (typeof data !== 'string' || isForeign(data));
}
