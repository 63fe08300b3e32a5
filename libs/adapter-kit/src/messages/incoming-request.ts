import { create } from '@bufbuild/protobuf';
import { AttachmentSchema, ChatKind, CommandSchema, IncomingRequestSchema, Progress, SenderSchema, SurfaceAbilitiesSchema, type Attachment, type IncomingRequest, type SurfaceAbilities } from '@nexus/contracts';
import { AppError, deterministicId } from '@nexus/core';
import { insist } from '../insist.js';
import type { AdapterObserver } from '../observer.js';
import type { SlashCommand } from '../slash-commands.js';
import type { IncomingFile, SurfaceCapabilities, SurfaceMessage } from '../surface.js';
import type { AdapterTransport } from '../transport/adapter-transport.js';
import { messageIdOf, type BotName } from './message-id.js';

/** About twenty seconds: so long a service of NEXUS may be away while it is started again. */
const FILE_TRIES = 10;

export interface RequestParts {
  readonly bot: BotName;
  readonly agent: string;
  readonly message: SurfaceMessage;
  readonly command: SlashCommand | undefined;
  readonly capabilities: SurfaceCapabilities;
  readonly files: PassedFiles;
}

/** What NEXUS is asked for a person's message. */
export function incomingRequest({ bot, agent, message, command, capabilities, files }: RequestParts): IncomingRequest {
  const { place, sender, isGroup } = message;
  return create(IncomingRequestSchema, {
    text: command === undefined ? [message.text, ...files.words].filter((text) => text !== '').join('\n\n').toWellFormed() : '',
    agent,
    surface: bot.surface,
    chatId: place.chatId,
    topicId: place.topicId,
    sender: create(SenderSchema, { id: sender.id, name: sender.name.toWellFormed() }),
    locale: message.locale ?? '',
    timezone: message.timezone ?? '',
    replyToMessageId: message.replyToMessageId ?? '',
    editsMessageId: message.editsMessageId === undefined ? '' : messageIdOf(bot, place, message.editsMessageId),
    attachments: [...files.attachments],
    abilities: abilitiesOf(capabilities),
    progress: capabilities.edits ? Progress.PARTS : Progress.STEPS,
    chatKind: isGroup ? ChatKind.GROUP : ChatKind.PRIVATE,
    ...(command !== undefined && { command: create(CommandSchema, { name: command.name, argument: command.argument.toWellFormed() }) }),
  });
}

function abilitiesOf({ markdown, images, files, choices, edits, maxTextLength }: SurfaceCapabilities): SurfaceAbilities {
  return create(SurfaceAbilitiesSchema, { markdown, images, files, choices, edits, maxTextLength: BigInt(maxTextLength) });
}

/** What became of a message's files. */
export interface PassedFiles {
  readonly attachments: readonly Attachment[];
  /** Of each file that could not be passed on, a sentence for the model. */
  readonly words: readonly string[];
}

export const NO_FILES: PassedFiles = { attachments: [], words: [] };

/** Passes files on, each under an id of its own, so that the same message again stores nothing twice. Rejects only when the adapter stops. */
export async function passFiles(messageId: string, files: readonly IncomingFile[], transport: AdapterTransport, options: { readonly signal: AbortSignal; readonly observer: AdapterObserver }): Promise<PassedFiles> {
  const attachments: Attachment[] = [];
  const words: string[] = [];
  for (const [place, file] of files.entries()) {
    try {
      attachments.push(await insist(() => passFile(messageId, place, file, transport), { signal: options.signal, tries: FILE_TRIES, triesOfUnknown: 2 }));
    } catch (error) {
      const known = AppError.from(error);
      if (options.signal.aborted) throw known;
      options.observer.problem?.('file', known);
      words.push(`(A file came with this message and could not be passed on: ${file.name}. ${known.message})`.toWellFormed());
    }
  }
  return { attachments, words };
}

async function passFile(messageId: string, place: number, file: IncomingFile, transport: AdapterTransport): Promise<Attachment> {
  const content = await file.content();
  const { uri, mediaType } = await transport.putFile(deterministicId('adapter-file', messageId, place), file.name, content);
  return create(AttachmentSchema, { uri, mediaType, name: file.name.toWellFormed(), bytes: BigInt(content.length) });
}
