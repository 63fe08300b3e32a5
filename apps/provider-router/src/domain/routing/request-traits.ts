import { Role, type Conversation } from '@nexus/contracts';
import { isObject, type AskedCall, type Body } from '../asked-call.js';

/** What a request needs of a model, and what of it tells how hard it is. */
export interface RequestTraits {
  readonly hasTools: boolean;
  readonly hasImages: boolean;
  readonly hasFiles: boolean;
  readonly hasAudio: boolean;
  readonly hasSchema: boolean;
  /** Reasoning was asked for: how much of it, or `some` when only that. */
  readonly reasoning: 'none' | 'low' | 'some' | 'high';
  /** Characters of all that is said, tools included; pictures and files are not counted. */
  readonly characters: number;
  readonly images: number;
  readonly toolCount: number;
  readonly messages: number;
  /** What the user said last. */
  readonly question: string;
  /** Undefined: the client did not say. */
  readonly maxOutputTokens: number | undefined;
}

type Kind = 'text' | 'image' | 'file' | 'audio' | 'other';

/** Reads the traits off a request, in whatever wire it came. Reads only what every wire has in one of few places, and never fails. */
export function traitsOf(asked: AskedCall): RequestTraits {
  return asked.client ? ofBody(asked.client.body) : ofConversation(asked.conversation);
}

class Tally {
  characters = 0;
  images = 0;
  hasFiles = false;
  hasAudio = false;
  question = '';

  add(kind: Kind, text: string, isUser: boolean): void {
    if (kind === 'image') this.images++;
    if (kind === 'file') this.hasFiles = true;
    if (kind === 'audio') this.hasAudio = true;
    this.characters += text.length;
    if (isUser && text !== '') this.question = text;
  }
}

function ofBody(body: Body): RequestTraits {
  const tally = new Tally();
  const messages = messagesOf(body);
  if (typeof body['system'] === 'string') tally.add('text', body['system'], false);
  else addContent(tally, body['system'], false);
  if (typeof body['instructions'] === 'string') tally.add('text', body['instructions'], false);
  for (const message of messages) {
    if (typeof message === 'string') tally.add('text', message, true);
    else if (isObject(message)) addContent(tally, message['content'] ?? message['output'], message['role'] === 'user');
  }
  const tools = Array.isArray(body['tools']) ? (body['tools'] as unknown[]) : [];
  if (tools.length > 0) tally.characters += JSON.stringify(tools).length;
  return {
    hasTools: tools.length > 0, hasImages: tally.images > 0, hasFiles: tally.hasFiles, hasAudio: tally.hasAudio || hasAudioOutput(body),
    hasSchema: formatOf(body) === 'json_schema',
    reasoning: reasoningOf(body),
    characters: tally.characters, images: tally.images, toolCount: tools.length, messages: messages.length, question: tally.question,
    maxOutputTokens: firstNumber(body['max_completion_tokens'], body['max_tokens'], body['max_output_tokens']),
  };
}

/** `messages` of chat completions and of Anthropic, `input` of responses and of embeddings. */
function messagesOf(body: Body): readonly unknown[] {
  const messages = body['messages'] ?? body['input'];
  if (typeof messages === 'string') return [messages];
  return Array.isArray(messages) ? (messages as unknown[]) : [];
}

function addContent(tally: Tally, content: unknown, isUser: boolean): void {
  if (typeof content === 'string') return tally.add('text', content, isUser);
  if (!Array.isArray(content)) return;
  for (const part of content as unknown[]) {
    if (!isObject(part)) continue;
    const kind = kindOf(part['type']);
    tally.add(kind, textOf(part['text']), isUser);
    if (part['type'] === 'tool_result') addContent(tally, part['content'], false);
  }
}

function kindOf(type: unknown): Kind {
  switch (type) {
    case 'text':
    case 'input_text':
    case 'output_text': return 'text';
    case 'image':
    case 'image_url':
    case 'input_image': return 'image';
    case 'file':
    case 'input_file':
    case 'document': return 'file';
    case 'input_audio': return 'audio';
    default: return 'other';
  }
}

function hasAudioOutput(body: Body): boolean {
  return Array.isArray(body['modalities']) && (body['modalities'] as unknown[]).includes('audio');
}

function formatOf(body: Body): unknown {
  const { response_format: chat, text, output_config: anthropic } = body;
  const format = chat ?? (isObject(text) ? text['format'] : undefined) ?? (isObject(anthropic) ? anthropic['format'] : undefined) ?? body['output_format'];
  return isObject(format) ? format['type'] : undefined;
}

function reasoningOf(body: Body): RequestTraits['reasoning'] {
  const { reasoning, thinking } = body;
  const effort = body['reasoning_effort'] ?? (isObject(reasoning) ? reasoning['effort'] : undefined);
  if (typeof effort === 'string') return levelOf(effort);
  return isObject(thinking) && (thinking['type'] === 'enabled' || thinking['type'] === 'adaptive') ? 'some' : 'none';
}

function levelOf(effort: string): RequestTraits['reasoning'] {
  if (effort === '' || effort === 'none') return 'none';
  if (effort === 'minimal' || effort === 'low') return 'low';
  return effort === 'medium' ? 'some' : 'high';
}

function ofConversation({ messages, tools, parameters }: Conversation): RequestTraits {
  const tally = new Tally();
  for (const { role, parts } of messages) {
    for (const { kind } of parts) {
      if (kind.case === 'image') tally.add('image', '', false);
      else if (kind.case === 'toolResult') {
        tally.add('text', kind.value.text, false);
        tally.images += kind.value.images.length;
      } else if (kind.case === 'toolCall') tally.add('other', kind.value.arguments, false);
      else if (kind.case !== undefined) tally.add('text', kind.value, role === Role.USER);
    }
  }
  for (const tool of tools) tally.characters += tool.name.length + tool.description.length + tool.parameters.length;
  const limit = Number(parameters?.maxOutputTokens ?? 0n);
  return {
    hasTools: tools.length > 0, hasImages: tally.images > 0, hasFiles: false, hasAudio: false,
    hasSchema: (parameters?.responseSchema ?? '') !== '',
    reasoning: levelOf(parameters?.reasoningEffort ?? ''),
    characters: tally.characters, images: tally.images, toolCount: tools.length, messages: messages.length, question: tally.question,
    maxOutputTokens: limit > 0 ? limit : undefined,
  };
}

function firstNumber(...values: readonly unknown[]): number | undefined {
  return values.find((value): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value > 0);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
