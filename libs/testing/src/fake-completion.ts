/** A tool call that the fake model asks for. */
export interface FakeToolCall {
  /** Default `call_1`, `call_2` ... */
  readonly id?: string;
  readonly name: string;
  /** An object is sent as its JSON; a string is sent as it is, so that it may be broken. */
  readonly arguments: unknown;
}

/** Token counts in OpenAI's shape. */
export interface FakeUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens?: number;
  readonly prompt_tokens_details?: { readonly cached_tokens?: number };
  readonly completion_tokens_details?: { readonly reasoning_tokens?: number };
}

/** What the fake model says. */
export interface FakeCompletion {
  readonly text?: string;
  readonly toolCalls?: readonly FakeToolCall[];
  /** The text as it is streamed; by default word by word. */
  readonly chunks?: readonly string[];
  /** By default a quarter of the characters; null leaves usage out, as some providers do. */
  readonly usage?: FakeUsage | null;
  /** By default `tool_calls` with tool calls, else `stop`. */
  readonly finishReason?: string;
}

/** What a completion needs to know of its request. */
export interface CompletionFrame {
  readonly id: string;
  readonly model: string;
  /** Characters of the request's messages: the base of the default usage. */
  readonly promptCharacters: number;
  /** Unix seconds. */
  readonly created: number;
}

/** The body of an answer that is not streamed. */
export function completionBody(completion: FakeCompletion, { id, model, created, promptCharacters }: CompletionFrame): object {
  const usage = completionUsage(completion, promptCharacters);
  const tool_calls = toolCallsOf(completion);
  const message = { role: 'assistant', content: textOf(completion) ?? null, refusal: null, ...(tool_calls.length > 0 && { tool_calls }) };
  return { id, object: 'chat.completion', created, model, choices: [{ index: 0, message, logprobs: null, finish_reason: finishReasonOf(completion) }], ...(usage && { usage }) };
}

/** The chunks of a streamed answer, in order, `[DONE]` not among them. */
export function completionChunks(completion: FakeCompletion, { id, model, created, promptCharacters }: CompletionFrame, includeUsage: boolean): object[] {
  const frame = { id, object: 'chat.completion.chunk', created, model };
  const delta = (content: object, finish_reason: string | null = null): object => ({ ...frame, choices: [{ index: 0, delta: content, finish_reason }] });
  const pieces = completion.chunks ?? textOf(completion)?.match(/\S+\s*|\s+/g) ?? [];
  const calls = toolCallsOf(completion).flatMap(({ function: call, ...rest }, index) => {
    const middle = Math.ceil(call.arguments.length / 2);
    const part = (text: string): object => delta({ tool_calls: [{ index, function: { arguments: text } }] });
    return [delta({ tool_calls: [{ index, ...rest, function: { name: call.name, arguments: '' } }] }), part(call.arguments.slice(0, middle)), part(call.arguments.slice(middle))];
  });
  const usage = includeUsage ? completionUsage(completion, promptCharacters) : undefined;
  return [
    delta({ role: 'assistant', content: '' }),
    ...pieces.map((content) => delta({ content })),
    ...calls,
    delta({}, finishReasonOf(completion)),
    ...(usage ? [{ ...frame, choices: [], usage }] : []),
  ];
}

function textOf({ text, chunks }: FakeCompletion): string | undefined {
  return text ?? chunks?.join('');
}

function toolCallsOf({ toolCalls = [] }: FakeCompletion): { id: string; type: 'function'; function: { name: string; arguments: string } }[] {
  return toolCalls.map((call, i) => ({
    id: call.id ?? `call_${i + 1}`,
    type: 'function',
    function: { name: call.name, arguments: typeof call.arguments === 'string' ? call.arguments : JSON.stringify(call.arguments) },
  }));
}

function finishReasonOf({ finishReason, toolCalls = [] }: FakeCompletion): string {
  return finishReason ?? (toolCalls.length > 0 ? 'tool_calls' : 'stop');
}

/** What a completion costs in tokens; undefined when it leaves usage out. `promptCharacters` are those of the request's messages. */
export function completionUsage(completion: FakeCompletion, promptCharacters: number): FakeUsage | undefined {
  if (completion.usage === null) return undefined;
  const said = (textOf(completion) ?? '') + toolCallsOf(completion).map((call) => call.function.arguments).join('');
  const usage = completion.usage ?? { prompt_tokens: Math.ceil(promptCharacters / 4), completion_tokens: Math.ceil(said.length / 4) };
  return { total_tokens: usage.prompt_tokens + usage.completion_tokens, ...usage };
}
