import { AppError } from '@nexus/core';
import { z } from 'zod';
import type { ArgumentSchema, ChatMessage, ChatRequest } from '../domain/chat.js';
import type { AnswerLimits } from '../domain/finish-reply.js';

const part = z.looseObject({ type: z.string(), text: z.string().optional() });
const content = z.union([z.string(), z.array(part)]).nullish();
const toolCall = z.object({ id: z.string(), type: z.literal('function').optional(), function: z.object({ name: z.string(), arguments: z.string() }) });
const message = z.discriminatedUnion('role', [
  z.object({ role: z.enum(['system', 'developer', 'user']), content: z.union([z.string(), z.array(part)]) }),
  z.object({ role: z.literal('assistant'), content, tool_calls: z.array(toolCall).nullish() }),
  z.object({ role: z.literal('tool'), content: z.union([z.string(), z.array(part)]), tool_call_id: z.string() }),
]);

const argumentSchema: z.ZodType<ArgumentSchema> = z.lazy(() =>
  z.union([
    z.looseObject({ type: z.unknown().optional(), enum: z.array(z.unknown()).optional(), properties: z.record(z.string(), argumentSchema).optional(), required: z.array(z.string()).optional() }),
    z.boolean().transform(() => ({})), // which is a JSON schema too
  ]),
);
const tool = z.object({ type: z.literal('function'), function: z.object({ name: z.string().min(1), description: z.string().nullish(), parameters: argumentSchema.nullish() }) });
const toolChoice = z.union([z.enum(['none', 'auto', 'required']), z.object({ type: z.literal('function'), function: z.object({ name: z.string() }) })]);
const positive = z.number().int().min(1);

const schema = z.object({
  model: z.string().min(1),
  messages: z.array(message).min(1, 'must hold at least one message'),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  tools: z.array(tool).max(128).nullish(),
  tool_choice: toolChoice.nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  max_tokens: positive.nullish(),
  max_completion_tokens: positive.nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(16)]).nullish(),
  n: z.literal(1, 'must be 1: the demo model writes one answer').nullish(),
  response_format: z.object({ type: z.enum(['text', 'json_object'], 'must be text or json_object: the demo model cannot follow a schema') }).nullish(),
});

/** A request for a chat completion, checked. */
export interface CompletionRequest {
  readonly model: string;
  readonly isStream: boolean;
  readonly includeUsage: boolean;
  readonly chat: ChatRequest;
  readonly limits: AnswerLimits;
}

/** Reads the JSON of a request. Throws AppError `invalid_request` with the field that is wrong. Fields that the demo model does not know are ignored. */
export function parseChatRequest(json: string): CompletionRequest {
  const parsed = schema.safeParse(parseJson(json));
  if (!parsed.success) throw fault(parsed.error.issues);
  const body = parsed.data;
  const tools = (body.tools ?? []).map(({ function: it }) => ({ name: it.name, parameters: it.parameters ?? {} }));
  const choice = body.tool_choice ?? 'auto';
  if (choice !== 'none' && choice !== 'auto' && tools.length === 0) throw invalid('tool_choice', 'is only allowed when tools are given');
  if (typeof choice === 'object' && !tools.some((it) => it.name === choice.function.name)) throw invalid('tool_choice', `names the tool "${choice.function.name}", which is not among tools`);
  return {
    model: body.model,
    isStream: body.stream ?? false,
    includeUsage: body.stream_options?.include_usage ?? false,
    chat: {
      messages: body.messages.map(readMessage),
      tools,
      toolChoice: typeof choice === 'string' ? { kind: choice } : { kind: 'tool', name: choice.function.name },
      isParallel: body.parallel_tool_calls ?? true,
    },
    limits: {
      maxTokens: body.max_completion_tokens ?? body.max_tokens ?? undefined,
      stop: [body.stop ?? []].flat(),
      isJson: body.response_format?.type === 'json_object',
    },
  };
}

function readMessage(it: z.infer<typeof message>): ChatMessage {
  const parts = Array.isArray(it.content) ? it.content : [];
  return {
    role: it.role,
    text: typeof it.content === 'string' ? it.content : parts.flatMap((each) => each.text ?? []).join('\n'),
    unreadParts: parts.filter((each) => each.text === undefined).length,
    toolCalls: it.role === 'assistant' ? (it.tool_calls ?? []).map((call) => ({ id: call.id, name: call.function.name, arguments: call.function.arguments })) : [],
    toolCallId: it.role === 'tool' ? it.tool_call_id : undefined,
  };
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new AppError('invalid_json', 'The body of the request is no JSON.', { status: 400, cause: error });
  }
}

function fault(issues: readonly z.core.$ZodIssue[]): AppError {
  const [issue] = issues;
  const path = (issue?.path ?? []).map((step, i) => (typeof step === 'number' ? `[${step}]` : `${i === 0 ? '' : '.'}${String(step)}`)).join('');
  return invalid(path, issue?.message ?? 'is wrong');
}

function invalid(param: string, message: string): AppError {
  return new AppError('invalid_request', `${param === '' ? 'the body' : param}: ${message}`, { status: 400, ...(param === '' ? {} : { param }) });
}
