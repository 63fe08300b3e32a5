import { assertExhaustive } from '@nexus/core';
import type { FilePart, ImagePart, ModelMessage, ModelPart, ToolCallPart, ToolResultPart } from '../hub/model-part.js';
import { writeContent } from './write-content.js';

type Message = Record<string, unknown>;

/** The messages of a chat completion. */
export function writeMessages(messages: readonly ModelMessage[]): Message[] {
  return messages.flatMap(({ role, parts }): Message[] => {
    switch (role) {
      case 'system':
      case 'user':
        return [{ role, content: writeContent(parts) }];
      case 'assistant':
        return [writeAssistant(parts)];
      case 'tool':
        return writeResults(parts);
      default:
        return assertExhaustive(role);
    }
  });
}

function writeAssistant(parts: readonly ModelPart[]): Message {
  const texts = parts.filter((part) => part.kind === 'text');
  const refusal = parts.map((part) => (part.kind === 'refusal' ? part.text : '')).join('');
  const calls = parts.filter((part) => part.kind === 'tool_call');
  return {
    role: 'assistant',
    content: texts.length === 0 && (refusal !== '' || calls.length > 0) ? null : writeContent(texts),
    ...(refusal !== '' && { refusal }),
    ...(calls.length > 0 && { tool_calls: calls.map(writeCall) }),
  };
}

/** Many servers parse the arguments: a call without any has an empty object. */
function writeCall(call: ToolCallPart): Message {
  return { id: call.id, type: 'function', function: { name: call.name, arguments: call.arguments === '' ? '{}' : call.arguments } };
}

/**
 * Each result is a message of its own, and of text only. Its pictures and files follow in a message of the user, behind all results of the
 * turn, for OpenAI wants these together; and so does what stands beside the results.
 */
function writeResults(parts: readonly ModelPart[]): Message[] {
  const results = parts.filter((part) => part.kind === 'tool_result');
  const others = parts.filter((part) => part.kind !== 'tool_result');
  const shown = results.flatMap((result): ModelPart[] => {
    const media = result.parts.filter(isMedia);
    return media.length === 0 ? [] : [{ kind: 'text', text: `What the tool call ${result.callId} gave:` }, ...media];
  });
  const followUp = [...shown, ...others];
  return [...results.map(writeResult), ...(followUp.length > 0 ? [{ role: 'user', content: writeContent(followUp) }] : [])];
}

function writeResult({ callId, parts }: ToolResultPart): Message {
  const texts = parts.filter((part) => part.kind === 'text');
  const note: ModelPart[] = parts.some(isMedia) ? [{ kind: 'text', text: 'Pictures and files of this result follow in the next message.' }] : [];
  return { role: 'tool', tool_call_id: callId, content: writeContent([...texts, ...note]) };
}

function isMedia(part: ToolResultPart['parts'][number]): part is ImagePart | FilePart {
  return part.kind !== 'text';
}
