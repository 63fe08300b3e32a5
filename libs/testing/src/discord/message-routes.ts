import { archivedThread, invalidForm, missingPermissions, notTheAuthor, unknownChannel, unknownMessage } from './discord-failure.js';
import type { DiscordChannel, DiscordMessage } from './discord-objects.js';
import { nothing, ok, type DiscordReply, type DiscordRequest, type Route } from './discord-request.js';
import { attachmentsAfter, checkNotEmpty, messageInput, type MessageInput } from './message-input.js';

/** Milliseconds for which a nonce is remembered: Discord says "the past few minutes". */
const NONCE_MS = 300_000;

export const messageRoutes: readonly Route[] = [
  { method: 'POST', path: '/channels/:channel/messages', answer: post },
  { method: 'GET', path: '/channels/:channel/messages', answer: list },
  { method: 'GET', path: '/channels/:channel/messages/:message', answer: (request) => shown(request, found(request)) },
  { method: 'PATCH', path: '/channels/:channel/messages/:message', answer: edit },
  { method: 'DELETE', path: '/channels/:channel/messages/:message', answer: remove },
];

/** The channel of the request; throws when there is none. */
export function channelOf({ world, at }: DiscordRequest): DiscordChannel {
  const channel = world.channels.get(at.channel ?? '');
  if (channel === undefined) throw unknownChannel();
  return channel;
}

/** Whom a text would tell, of those whom the request allows. */
export function pingsOf(content: string, { allowed_mentions: allowed }: MessageInput): { readonly pings: readonly string[]; readonly pingsEveryone: boolean } {
  const may = (kind: string): boolean => allowed == null || (allowed.parse ?? []).includes(kind);
  const users = [...content.matchAll(/<@!?(\d+)>/g)].map(([, id]) => id ?? '');
  return { pings: users.filter((id) => may('users') || (allowed?.users ?? []).includes(id)), pingsEveryone: /@(everyone|here)\b/.test(content) && may('everyone') };
}

function shown({ world }: DiscordRequest, message: DiscordMessage): DiscordReply {
  return ok(world.messageJson(message, world.baseUrl));
}

function found(request: DiscordRequest): DiscordMessage {
  const message = request.world.message(channelOf(request).id, request.at.message ?? '');
  // Whoever is not the one to whom it was shown does not see it here.
  if (message === undefined || message.isEphemeral) throw unknownMessage();
  return message;
}

function post(request: DiscordRequest): DiscordReply {
  const { world, content: body } = request;
  const channel = channelOf(request);
  if (channel.isLocked) throw channel.type === 11 ? archivedThread() : missingPermissions();
  const input = messageInput(body);
  const nonce = input.nonce == null ? undefined : String(input.nonce);
  const twin = nonce !== undefined && input.enforce_nonce === true ? withNonce(request, nonce) : undefined;
  if (twin !== undefined) return shown(request, twin);
  const attachments = attachmentsAfter([], input, body, () => world.ids.next());
  // Discord cuts the blanks at both ends.
  const content = (input.content ?? '').trim();
  checkNotEmpty(content, attachments);
  const reference = input.message_reference;
  const isThere = reference != null && world.message(channel.id, reference.message_id) !== undefined;
  if (reference != null && !isThere && reference.fail_if_not_exists !== false) throw invalidForm('message_reference', 'REPLIES_UNKNOWN_MESSAGE', 'Unknown message');
  return shown(request, world.write({ channelId: channel.id, author: world.bot, content, attachments, ...pingsOf(content, input), ...(nonce !== undefined && { nonce }), ...(isThere && { replyTo: reference.message_id }) }));
}

/** The bot's message with this nonce, in whatever channel: Discord asks for the author only. */
function withNonce({ world }: DiscordRequest, nonce: string): DiscordMessage | undefined {
  for (const channel of world.channels.keys()) {
    const twin = world.messages(channel).findLast((message) => message.author.id === world.bot.id && message.nonce === nonce);
    if (twin !== undefined && Date.now() - Date.parse(twin.createdAt) < NONCE_MS) return twin;
  }
  return undefined;
}

function list(request: DiscordRequest): DiscordReply {
  const { world, query } = request;
  const limit = Number(query.get('limit') ?? 50);
  if (!(limit >= 1 && limit <= 100)) throw invalidForm('limit', 'NUMBER_TYPE_MAX', 'Must be from 1 to 100.');
  const all = world.messages(channelOf(request).id).filter((message) => !message.isEphemeral);
  const [after, before] = [query.get('after'), query.get('before')];
  // The newest come first; with `after` it is the oldest of those that are newer.
  const chosen = after !== null ? all.filter(({ id }) => BigInt(id) > BigInt(after)).slice(0, limit) : all.filter(({ id }) => before === null || BigInt(id) < BigInt(before)).slice(-limit);
  return ok(chosen.toReversed().map((message) => world.messageJson(message, world.baseUrl)));
}

function edit(request: DiscordRequest): DiscordReply {
  const message = found(request);
  if (message.author.id !== request.world.bot.id) throw notTheAuthor();
  return shown(request, changed(request, message));
}

/** A message after a PATCH. */
export function changed({ world, content: body }: DiscordRequest, message: DiscordMessage): DiscordMessage {
  const input = messageInput(body);
  const attachments = attachmentsAfter(message.attachments, input, body, () => world.ids.next());
  const content = input.content === undefined ? message.content : (input.content ?? '').trim();
  checkNotEmpty(content, attachments);
  return world.change(message, { content, attachments });
}

function remove(request: DiscordRequest): DiscordReply {
  request.world.remove(found(request));
  return nothing;
}
