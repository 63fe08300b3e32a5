import type { Command, IncomingRequest } from '@nexus/contracts';
import { AppError, isUuid } from '@nexus/core';
import { checkName } from './request-rules.js';

/** What may be asked of NEXUS itself. */
export const commandNames = ['new', 'stop', 'model', 'cost', 'link', 'claim'] as const;
export type CommandName = (typeof commandNames)[number];

/** Those that concern the place where they are given. */
const aboutPlace: ReadonlySet<CommandName> = new Set(['new', 'stop', 'model', 'claim']);
/** Those that concern the account that gives them. */
const aboutSender: ReadonlySet<CommandName> = new Set(['link', 'claim']);

/** A command that is one. */
export interface CheckedCommand {
  readonly name: CommandName;
  /** Without blanks around it. */
  readonly argument: string;
}

/** Refuses with AppError `invalid_request`, naming the field, what is no command. */
export function checkCommand(request: IncomingRequest, { name, argument }: Command): CheckedCommand {
  const known = commandNames.find((one) => one === name);
  if (known === undefined) throw invalid('command.name', `must be one of ${commandNames.join(', ')}`);
  if (request.text !== '' || request.history.length > 0 || request.forkedFrom !== undefined) throw invalid('text', 'must be empty beside a command, and so must history and forked_from');
  for (const [field, value] of [['command.argument', argument], ['surface', request.surface], ['chat_id', request.chatId], ['topic_id', request.topicId], ['thread_id', request.threadId], ['sender.id', request.sender?.id ?? ''], ['sender.name', request.sender?.name ?? '']] as const) checkName(field, value);
  if (request.threadId !== '' && !isUuid(request.threadId)) throw invalid('thread_id', 'must be the id of a thread (a UUID), or empty');
  if (aboutPlace.has(known) && request.chatId === '') throw invalid('chat_id', `must say where the command ${known} was given`);
  if (aboutSender.has(known) && (request.surface === '' || (request.sender?.id ?? '') === '')) throw invalid('sender.id', `must say whose account gave the command ${known}, and surface where`);
  return { name: known, argument: argument.trim() };
}

function invalid(field: string, must: string): AppError {
  return new AppError('invalid_request', `${field} ${must}.`, { status: 400, param: field });
}
