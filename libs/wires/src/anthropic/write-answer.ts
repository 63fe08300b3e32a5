import type { ModelAnswer } from '../hub/model-answer.js';
import type { ModelPart } from '../hub/model-part.js';
import type { AnswerFrame } from '../hub/wire.js';
import { callBlock, textBlock } from './answer-block.js';
import { inputOf } from './call-input.js';
import { writeCallSignature } from './call-signature.js';
import { writeStop } from './finish-reason.js';
import { shownThoughts, type ShownThoughts } from './shown-thoughts.js';
import { shownSignature } from './signature.js';
import { writeUsage } from './write-usage.js';

/** A whole answer as a message. Thoughts stand in it as far as the client asked for them; a refusal's words are text. */
export function writeAnswer(answer: ModelAnswer, frame: AnswerFrame): Record<string, unknown> {
  const { parts, finishReason, stopSequence, usage } = answer;
  const shown = shownThoughts(frame.request);
  const has = (kind: ModelPart['kind']) => parts.some((part) => part.kind === kind);
  return {
    ...writeMessage(frame),
    content: parts.flatMap((part) => writeBlocks(part, shown)),
    ...writeStop({ reason: finishReason, stopSequence, hasToolCalls: has('tool_call'), hasRefusal: has('refusal') }),
    usage: writeUsage(usage),
  };
}

/** What a message is before anything of it has come. */
export function writeMessage({ id, model }: AnswerFrame): Record<string, unknown> {
  return { id, type: 'message', role: 'assistant', model, content: [], container: null, diagnostics: null, stop_reason: null, stop_sequence: null, stop_details: null };
}

function writeBlocks(part: ModelPart, shown: ShownThoughts): Record<string, unknown>[] {
  switch (part.kind) {
    case 'text':
    case 'refusal':
      return part.text === '' ? [] : [{ ...textBlock(), text: part.text }];
    case 'tool_call':
      return [
        ...(part.signature === undefined ? [] : [writeCallSignature(part.signature)]),
        { ...callBlock(part), input: inputOf(part.arguments) },
      ];
    case 'reasoning': {
      if (shown === 'none') return [];
      const signature = shownSignature(part.signature);
      if (part.isRedacted === true) return [{ type: 'redacted_thinking', data: signature }];
      const thinking = shown === 'all' ? part.text : '';
      return thinking === '' && signature === '' ? [] : [{ type: 'thinking', thinking, signature }];
    }
    default:
      return [];
  }
}
