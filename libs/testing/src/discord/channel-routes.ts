import { z } from 'zod';
import { invalidForm, notFound, threadExists, unknownChannel } from './discord-failure.js';
import { nothing, ok, type DiscordReply, type DiscordRequest, type Route } from './discord-request.js';
import { channelOf } from './message-routes.js';

const command = z.looseObject({
  name: z.string().regex(/^[-_\p{Ll}\p{N}]{1,32}$/u),
  description: z.string().min(1).max(100),
  options: z.array(z.looseObject({ name: z.string().regex(/^[-_\p{Ll}\p{N}]{1,32}$/u), description: z.string().min(1).max(100), type: z.number(), required: z.boolean().optional() })).max(25).optional(),
});
const thread = z.looseObject({ name: z.string().min(1).max(100) });

/** The bot itself, its gateway, its commands, channels, threads, typing. */
export const channelRoutes: readonly Route[] = [
  { method: 'GET', path: '/gateway/bot', answer: ({ world }) => ok({ url: `${world.baseUrl.replace('http', 'ws')}/gateway`, shards: 1, session_start_limit: { total: 1000, remaining: 1000, reset_after: 86_400_000, max_concurrency: 1 } }) },
  { method: 'GET', path: '/users/@me', answer: ({ world }) => ok(world.bot) },
  { method: 'GET', path: '/channels/:channel', answer: (request) => ok(request.world.channel(channelOf(request))) },
  { method: 'POST', path: '/channels/:channel/typing', answer: typing },
  { method: 'POST', path: '/channels/:channel/messages/:message/threads', answer: openThread },
  { method: 'GET', path: '/guilds/:guild/roles', answer: roles },
  { method: 'GET', path: '/guilds/:guild', answer: guild },
  { method: 'GET', path: '/applications/:application/commands', answer: ({ interactions }) => ok(interactions.commands) },
  { method: 'PUT', path: '/applications/:application/commands', answer: replaceCommands },
];

function typing(request: DiscordRequest): DiscordReply {
  request.world.typing.push(channelOf(request).id);
  return nothing;
}

function openThread(request: DiscordRequest): DiscordReply {
  const { world, at, content } = request;
  const parent = channelOf(request);
  const message = world.message(parent.id, at.message ?? '');
  if (parent.type !== 0 || message === undefined) throw unknownChannel();
  // A thread has the id of the message that it hangs on.
  if (world.channels.has(message.id)) throw threadExists();
  const read = thread.safeParse(content.fields);
  if (!read.success) throw invalidForm('name', 'BASE_TYPE_BAD_LENGTH', 'Must be between 1 and 100 in length.');
  const opened = world.addChannel({ id: message.id, type: 11, name: read.data.name, parentId: parent.id, ownerId: world.bot.id });
  return { status: 201, body: world.channel(opened) };
}

function guild({ world, at }: DiscordRequest): DiscordReply {
  if (at.guild !== world.guildId) throw notFound();
  return ok({ id: world.guildId, name: 'Guild', approximate_member_count: 3, preferred_locale: 'en-US' });
}

function roles({ world, at }: DiscordRequest): DiscordReply {
  if (at.guild !== world.guildId) throw notFound();
  return ok([{ id: world.guildId, name: '@everyone' }, { id: world.botRoleId, name: 'nexus', tags: { bot_id: world.bot.id } }]);
}

function replaceCommands({ world, interactions, at, content }: DiscordRequest): DiscordReply {
  if (at.application !== world.applicationId) throw notFound();
  const read = z.array(command).safeParse(content.fields.list);
  if (!read.success) throw invalidForm(read.error.issues[0]?.path.join('.') ?? 'body', 'INVALID', read.error.issues[0]?.message ?? 'wrong');
  interactions.commands = read.data.map((one) => ({ id: world.ids.next(), application_id: world.applicationId, version: '1', type: 1, ...one }));
  return ok(interactions.commands);
}
