import type { ModelAnswer } from '../hub/model-answer.js';
import type { ToolCallPart } from '../hub/model-part.js';
import type { AnswerFrame } from '../hub/wire.js';
import { writeSignature } from './call-signature.js';
import { writeFinishReason } from './finish-reason.js';
import { writeUsage } from './write-usage.js';

/** A whole `chat.completion`. Reasoning goes into `reasoning_content`, the field that most clients know. */
export function writeAnswer(answer: ModelAnswer, frame: AnswerFrame): Record<string, unknown> {
  const text = textOf(answer, 'text');
  const refusal = textOf(answer, 'refusal');
  const reasoning = textOf(answer, 'reasoning');
  const calls = answer.parts.filter((part) => part.kind === 'tool_call');
  const message = {
    role: 'assistant',
    content: text === '' && (refusal !== '' || calls.length > 0) ? null : text,
    refusal: refusal === '' ? null : refusal,
    ...(reasoning !== '' && { reasoning_content: reasoning }),
    ...(calls.length > 0 && { tool_calls: calls.map(writeCall) }),
  };
  return {
    id: frame.id,
    object: 'chat.completion',
    created: frame.createdAt,
    model: frame.model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: writeFinishReason(answer.finishReason) }],
    ...(answer.usage && { usage: writeUsage(answer.usage) }),
  };
}

/** Who reads it parses the arguments: a call without any has an empty object. */
function writeCall(call: ToolCallPart): Record<string, unknown> {
  return { id: call.id, type: 'function', function: { name: call.name, arguments: call.arguments === '' ? '{}' : call.arguments }, ...writeSignature(call.signature) };
}

function textOf({ parts }: ModelAnswer, kind: 'text' | 'refusal' | 'reasoning'): string {
  return parts.map((part) => (part.kind === kind ? part.text : '')).join('');
}
