import { AppError } from '@nexus/core';
import type { ModelMessage, ModelPart, TextPart } from '../hub/model-part.js';
import type { ModelRequest } from '../hub/model-request.js';
import { CallsOfTurn } from './calls-of-turn.js';
import { writeMedia } from './write-media.js';
import { writeModelParts } from './write-model-parts.js';

/** One turn of a conversation as Gemini has them. */
interface Content {
  readonly role: 'user' | 'model';
  readonly parts: Record<string, unknown>[];
}

/** What the system said, wherever it stands: Gemini has one place for it. Undefined when it said nothing. */
export function writeSystemInstruction(messages: readonly ModelMessage[]): Record<string, unknown> | undefined {
  const parts = messages.filter((message) => message.role === 'system').flatMap((message) => message.parts.map((part) => ({ text: textOf(part).text })));
  return parts.length > 0 ? { parts } : undefined;
}

/**
 * The turns. Messages of one side that follow each other are one turn, as Gemini wants all results of a turn's calls together and in the
 * order of the calls. Pictures that a tool gave come in a turn behind the results: not every model takes them inside.
 */
export function writeContents(request: ModelRequest): Content[] {
  const contents: Content[] = [];
  let calls = new CallsOfTurn();
  let last: ModelMessage['role'] | undefined;
  /** The turn that a further message of `last` belongs to. */
  let turn: Content | undefined;
  for (const { role, parts } of request.messages) {
    if (role === 'system') continue;
    if (role !== last) {
      if (last === 'tool') contents.push(...calls.takeResults());
      if (role === 'assistant') calls = new CallsOfTurn();
      turn = undefined;
      last = role;
    }
    if (role === 'tool') {
      for (const part of parts) calls.addResult(part);
      continue;
    }
    const written = role === 'assistant' ? writeModelParts(parts, request.model, calls.hasCalls) : parts.map(userPart);
    if (role === 'assistant') calls.addCalls(parts);
    if (turn) turn.parts.push(...written);
    else if (written.length > 0) contents.push((turn = { role: role === 'assistant' ? 'model' : 'user', parts: written }));
  }
  if (last === 'tool') contents.push(...calls.takeResults());
  // Gemini wants a turn to answer, even where instructions are all that it gets.
  return contents.length > 0 ? contents : [{ role: 'user', parts: [{ text: '' }] }];
}

function userPart(part: ModelPart): Record<string, unknown> {
  return part.kind === 'image' || part.kind === 'file' || part.kind === 'audio' ? writeMedia(part) : { text: textOf(part).text };
}

function textOf(part: ModelPart): TextPart {
  if (part.kind === 'text') return part;
  throw new AppError('unsupported_value', `This model takes no ${part.kind.replace('_', ' ')} in a message of the user or the system.`, { status: 400, param: 'messages' });
}
