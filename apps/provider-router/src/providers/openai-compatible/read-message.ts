import type { ModelPart, ToolCallPart } from '@nexus/wires';

/** The message of a model, whole. */
export interface AssistantMessage {
  readonly text: string;
  readonly reasoning: string | undefined;
  readonly refusal: string | undefined;
  /** `arguments` is text that nobody has checked. */
  readonly toolCalls: readonly Pick<ToolCallPart, 'id' | 'name' | 'arguments'>[];
}

/** The parts of a message that a provider writes in one of several ways. */
export interface MessageTexts {
  readonly text: string;
  readonly reasoning: string;
  readonly refusal: string;
}

/** A whole message of a non-streamed answer. What a field does not hold as text is left out. */
export function readMessage(message: Record<string, unknown>): AssistantMessage {
  const { text, reasoning, refusal } = readTexts(message);
  const calls = Array.isArray(message['tool_calls']) ? message['tool_calls'] : [];
  return {
    text,
    reasoning: reasoning === '' ? undefined : reasoning,
    refusal: refusal === '' ? undefined : refusal,
    toolCalls: calls.flatMap((call: unknown): AssistantMessage['toolCalls'][number][] => {
      const fn = isRecord(call) && isRecord(call['function']) ? call['function'] : undefined;
      if (!isRecord(call) || !fn) return [];
      return [{ id: textOf(call['id']), name: textOf(fn['name']), arguments: argumentsOf(fn['arguments']) }];
    }),
  };
}

/** A message in no wire's own form: what was thought, what was said, what is wanted to be done. */
export function partsOf({ text, reasoning, refusal, toolCalls }: AssistantMessage): ModelPart[] {
  return [
    ...(reasoning === undefined ? [] : [{ kind: 'reasoning' as const, text: reasoning }]),
    ...(text === '' ? [] : [{ kind: 'text' as const, text }]),
    ...(refusal === undefined ? [] : [{ kind: 'refusal' as const, text: refusal }]),
    ...toolCalls.map((call) => ({ kind: 'tool_call' as const, ...call })),
  ];
}

/** The texts of a message or of a streamed delta: content as text or as parts, reasoning under each provider's name for it. */
export function readTexts(message: Record<string, unknown>): MessageTexts {
  const content = message['content'];
  let text = '';
  let reasoning = textOf(message['reasoning_content']) || textOf(message['reasoning']);
  if (typeof content === 'string') text = content;
  else if (Array.isArray(content)) {
    for (const part of content as unknown[]) {
      if (!isRecord(part)) continue;
      text += textOf(part['text']);
      const thinking = part['thinking'];
      if (Array.isArray(thinking)) reasoning += thinking.map((it: unknown) => (isRecord(it) ? textOf(it['text']) : '')).join('');
      else reasoning += textOf(thinking);
    }
  }
  return { text, reasoning, refusal: textOf(message['refusal']) };
}

/** Arguments as text; Ollama's older versions and some gateways send the object itself. */
export function argumentsOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
