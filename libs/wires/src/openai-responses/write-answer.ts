import type { ModelAnswer, ToldUsage } from '../hub/model-answer.js';
import type { ModelPart, RefusalPart, TextPart } from '../hub/model-part.js';
import type { AnswerFrame } from '../hub/wire.js';
import { writeFinishReason, type ResponseEnd } from './finish-reason.js';
import { callItem, endStatus, messageItem, reasoningItem, type OutputItem } from './output-items.js';
import { writeUsage } from './write-usage.js';
import { writeFormat, writeTool } from './write-request.js';

/** A whole response. */
export function writeAnswer(answer: ModelAnswer, frame: AnswerFrame): Record<string, unknown> {
  const end = writeFinishReason(answer.finishReason);
  const output = writeOutput(answer.parts, frame);
  const items = output.map((item, i) => ({ ...item, status: endStatus(i, output.length, end.status === 'completed') }));
  return responseObject(frame, { ...end, output: items, usage: answer.usage });
}

/** What differs between the states of a response. */
export interface ResponseState {
  readonly status: ResponseEnd['status'] | 'in_progress';
  readonly incomplete_details: ResponseEnd['incomplete_details'];
  readonly error: ResponseEnd['error'];
  readonly output: readonly OutputItem[];
  readonly usage: ToldUsage | undefined;
}

/** A response in a state, with what was asked for beside it, as OpenAI repeats it. */
export function responseObject({ id, model, createdAt, request }: AnswerFrame, { usage, ...state }: ResponseState): Record<string, unknown> {
  return {
    id,
    object: 'response',
    created_at: createdAt,
    ...state,
    background: false,
    instructions: instructionsOf(request.messages[0]?.parts, request.messages[0]?.role),
    max_output_tokens: request.maxOutputTokens ?? null,
    metadata: {},
    model,
    parallel_tool_calls: request.isParallelToolUse ?? true,
    previous_response_id: null,
    reasoning: { effort: request.reasoning?.effort ?? null, summary: request.reasoning?.isShown === true ? 'auto' : null },
    store: false,
    temperature: request.temperature ?? null,
    text: { format: request.responseFormat ? writeFormat(request.responseFormat) : { type: 'text' } },
    tool_choice: request.toolChoice?.kind === 'tool' ? { type: 'function', name: request.toolChoice.name } : (request.toolChoice?.kind ?? 'auto'),
    tools: request.tools.map(writeTool),
    top_p: request.topP ?? null,
    truncation: 'disabled',
    ...(usage && { usage: writeUsage(usage) }),
  };
}

function instructionsOf(parts: readonly ModelPart[] | undefined, role: string | undefined): string | null {
  const [first] = parts ?? [];
  return role === 'system' && first?.kind === 'text' ? first.text : null;
}

/** The id of an item: the same in a stream and in the whole. */
export function itemId(prefix: 'msg' | 'rs' | 'fc', frame: AnswerFrame, place: number): string {
  return `${prefix}_${frame.id.replace(/^resp_/, '')}_${place}`;
}

/** The items of an answer; texts and refusals that follow each other are one message. */
function writeOutput(parts: readonly ModelPart[], frame: AnswerFrame): OutputItem[] {
  const items: OutputItem[] = [];
  let spoken: (TextPart | RefusalPart)[] = [];
  const endMessage = (): void => {
    if (spoken.length > 0) items.push(messageItem(itemId('msg', frame, items.length), spoken, 'completed'));
    spoken = [];
  };
  for (const part of parts) {
    if (part.kind === 'text' || part.kind === 'refusal') {
      spoken.push(part);
      continue;
    }
    endMessage();
    if (part.kind === 'reasoning') items.push(reasoningItem(itemId('rs', frame, items.length), part, 'completed'));
    if (part.kind === 'tool_call') items.push(callItem(itemId('fc', frame, items.length), part, frame.request.tools, 'completed'));
  }
  endMessage();
  return items;
}
