import { invalidWebhookToken, notFound, unknownMessage, unknownWebhook } from './discord-failure.js';
import type { DiscordMessage } from './discord-objects.js';
import { nothing, ok, type DiscordReply, type DiscordRequest, type Route } from './discord-request.js';
import { attachmentsAfter, checkNotEmpty, messageInput } from './message-input.js';
import { changed, pingsOf } from './message-routes.js';
import type { Interaction } from './interactions.js';

/** First answers to commands, and what comes after them through the interaction's webhook. */
export const interactionRoutes: readonly Route[] = [
  { method: 'POST', path: '/interactions/:interaction/:token/callback', isOpen: true, answer: callback },
  { method: 'POST', path: '/webhooks/:application/:token', isOpen: true, answer: followUp },
  { method: 'GET', path: '/webhooks/:application/:token/messages/:message', isOpen: true, answer: (request) => shown(request, found(request)) },
  { method: 'PATCH', path: '/webhooks/:application/:token/messages/:message', isOpen: true, answer: (request) => shown(request, changed(request, found(request))) },
  { method: 'DELETE', path: '/webhooks/:application/:token/messages/:message', isOpen: true, answer: remove },
];

function callback({ interactions, at, content }: DiscordRequest): DiscordReply {
  interactions.respond(at.interaction ?? '', at.token ?? '', content.fields);
  return nothing;
}

function interactionOf({ world, interactions, at }: DiscordRequest): Interaction {
  if (at.application !== world.applicationId) throw notFound();
  const interaction = interactions.withToken(at.token ?? '');
  if (interaction === undefined) throw (at.token ?? '') === '' ? invalidWebhookToken() : unknownWebhook();
  return interaction;
}

function found(request: DiscordRequest): DiscordMessage {
  const { world, at } = request;
  const interaction = interactionOf(request);
  const id = at.message === '@original' ? interaction.originalId : at.message;
  const message = world.message(interaction.channelId, id ?? '');
  if (message?.interactionId !== interaction.id) throw unknownMessage();
  return message;
}

function followUp(request: DiscordRequest): DiscordReply {
  const { world, content: body } = request;
  const interaction = interactionOf(request);
  const original = world.message(interaction.channelId, interaction.originalId ?? '');
  // The first one stands where "thinking" stood.
  if (original?.isLoading) return shown(request, changed(request, original));
  const input = messageInput(body);
  const attachments = attachmentsAfter([], input, body, () => world.ids.next());
  const content = input.content ?? '';
  checkNotEmpty(content, attachments);
  return shown(request, world.write({ channelId: interaction.channelId, author: world.bot, content, attachments, interactionId: interaction.id, isEphemeral: original?.isEphemeral ?? false, ...pingsOf(content, input) }));
}

function remove(request: DiscordRequest): DiscordReply {
  request.world.remove(found(request));
  return nothing;
}

function shown({ world }: DiscordRequest, message: DiscordMessage): DiscordReply {
  return ok(world.messageJson(message, world.baseUrl));
}
