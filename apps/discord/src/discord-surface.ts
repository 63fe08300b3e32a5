import { splitFormatted, type Formatted, type Piece, type Place, type PlaceContext, type PostOptions, type Surface, type SurfaceCapabilities, type SurfaceMessage } from '@nexus/adapter-kit';
import { AppError, newId } from '@nexus/core';
import { ChannelDirectory } from './channel-directory.js';
import { DiscordCalls } from './discord-calls.js';
import { fromDiscord } from './discord-failure.js';
import { GatewayLink } from './gateway-link.js';
import { Hearing, channelOf } from './hearing.js';
import { originalId } from './incoming-message.js';
import { InteractionDesk } from './interaction-desk.js';
import { startInteractionsServer, type InteractionsServer } from './interactions-server.js';
import { MAX_CONTENT, lengthOf, messageRequest } from './outgoing-message.js';
import { ResumePoints } from './resume-points.js';
import { registration } from './slash-commands.js';
import type { SurfaceMemory } from './surface-memory.js';

/** Bits of the gateway's intents: guilds, their messages, direct messages; and the content of messages that do not mention the bot. */
const INTENTS = 1 | (1 << 9) | (1 << 12);
const MESSAGE_CONTENT = 1 << 15;
/** What any bot may send; servers with boosts allow more. */
const MAX_FILE_BYTES = 10 * 1024 * 1024;

/** Looks on; all may be left out. */
export interface DiscordObserver {
  /** Something went wrong and is tried again or left: `read`, `catch up`, `command`, `interaction`, `remember`, `gateway`. */
  readonly onProblem?: (doing: string, error: AppError) => void;
  readonly onConnection?: (isConnected: boolean) => void;
  readonly onLimited?: (route: string, forMs: number) => void;
  /** Discord does not let the bot in, and will not without a change by its operator. */
  readonly onFatal?: (error: AppError) => void;
}

export interface DiscordSurfaceOptions {
  readonly token: string;
  readonly applicationId: string;
  /** What it remembers over restarts: best the memory of its adapter. */
  readonly memory: SurfaceMemory;
  /** Default `https://discord.com/api`. */
  readonly restUrl?: string;
  /** Default: as the API says. */
  readonly gatewayUrl?: string;
  /** Asks for the privileged intent, so that threads of the bot need no mentions. Default false. */
  readonly readsAllMessages?: boolean;
  /** Answers mentions in a thread of their own. Default false. */
  readonly opensThreads?: boolean;
  /** How far back messages are looked up that came while nobody listened; 0 for never. Default 12 hours. */
  readonly catchUpMs?: number;
  /** Milliseconds between two changes of one message. Default 1,200: Discord allows about five in five seconds a channel. */
  readonly editEveryMs?: number;
  /** Default true. */
  readonly registersCommands?: boolean;
  /** Where Discord sends interactions, if not over the gateway. */
  readonly interactions?: { readonly host: string; readonly port: number; readonly publicKey: string };
  /** Largest file that is taken from people. Default 20 MiB. */
  readonly maxFileBytes?: number;
  readonly observer?: DiscordObserver;
}

/** Discord as a surface. `isConnected` tells whether the gateway is there, `interactionsPort` where interactions are heard. */
export interface DiscordSurface extends Surface {
  readonly isConnected: boolean;
  readonly interactionsPort: number | undefined;
}

/** A bot at Discord. It talks to Discord only once it is told to connect. */
export function discordSurface(options: DiscordSurfaceOptions): DiscordSurface {
  return new BotSurface(options);
}

class BotSurface implements DiscordSurface {
  readonly name = 'discord';
  private readonly calls: DiscordCalls;
  private readonly desk: InteractionDesk;
  private running: { readonly link: GatewayLink; readonly hearing: Hearing; readonly directory: ChannelDirectory; readonly server: InteractionsServer | undefined } | undefined;

  constructor(private readonly options: DiscordSurfaceOptions) {
    const { token, applicationId, memory, restUrl = 'https://discord.com/api', observer } = options;
    this.calls = new DiscordCalls({ token, restUrl, onLimited: observer?.onLimited });
    this.desk = new InteractionDesk({ memory, calls: this.calls, applicationId, now: Date.now });
  }

  get isConnected(): boolean {
    return this.running?.link.isConnected ?? false;
  }

  get interactionsPort(): number | undefined {
    return this.running?.server?.port;
  }

  capabilities(): SurfaceCapabilities {
    return { markdown: true, images: true, files: true, choices: false, edits: true, maxTextLength: MAX_CONTENT, lengthOf, editEveryMs: this.options.editEveryMs ?? 1_200, maxFileBytes: MAX_FILE_BYTES };
  }

  async connect(onMessage: (message: SurfaceMessage) => Promise<void>): Promise<void> {
    const { token, applicationId, memory, gatewayUrl, readsAllMessages = false, opensThreads = false, catchUpMs = 43_200_000, registersCommands = true, interactions, maxFileBytes = 20 * 1024 * 1024, observer } = this.options;
    const onProblem = (doing: string, error: AppError): void => observer?.onProblem?.(doing, error);
    const { id: botId } = (await this.calls.get('/users/@me')) as { id: string };
    if (registersCommands) await this.calls.put(`/applications/${applicationId}/commands`, { body: registration() });
    const points = new ResumePoints({ memory, gatewayUrl, onProblem: (error) => onProblem('remember', AppError.from(error)) });
    await points.load();
    const directory = new ChannelDirectory(this.calls, botId);
    const hearing = new Hearing({ botId, calls: this.calls, directory, points, desk: this.desk, memory, opensThreads, catchUpMs, maxFileBytes, onMessage, onProblem });
    const link = new GatewayLink({
      rest: this.calls.rest,
      token,
      intents: readsAllMessages ? INTENTS | MESSAGE_CONTENT : INTENTS,
      gatewayUrl,
      points,
      onEvent: (event) => hearing.event(event),
      onConnection: observer?.onConnection,
      onProblem: (error) => onProblem('gateway', error),
      onFatal: (error) => observer?.onFatal?.(error),
    });
    hearing.resume(await this.desk.unsafe());
    const server = interactions && (await startInteractionsServer({ ...interactions, answer: (interaction) => hearing.answerTo(interaction) }));
    this.running = { link, hearing, directory, server };
    await link.connect();
  }

  async disconnect(): Promise<void> {
    const { running } = this;
    if (running === undefined) return;
    await running.server?.close();
    await running.hearing.stop();
    await running.link.leave();
    this.running = undefined;
  }

  async post(place: Place, piece: Piece, { nonce, replyToMessageId }: PostOptions): Promise<string> {
    const shown = await this.desk.show(replyToMessageId, nonce, messageRequest(piece));
    if (shown !== undefined) return shown;
    const repliesTo = replyToMessageId === undefined ? undefined : originalId(replyToMessageId);
    const reference = repliesTo !== undefined && /^\d+$/.test(repliesTo) && { message_reference: { message_id: repliesTo, fail_if_not_exists: false } };
    const { id } = (await this.calls.post(`/channels/${channelOf(place)}/messages`, messageRequest(piece, { nonce, enforce_nonce: true, ...reference }))) as { id: string };
    return id;
  }

  async edit(place: Place, messageId: string, piece: Piece): Promise<void> {
    const request = messageRequest(piece);
    if (await this.desk.edit(messageId, request)) return;
    await this.calls.patch(`/channels/${channelOf(place)}/messages/${messageId}`, request);
  }

  async remove(place: Place, messageId: string): Promise<void> {
    try {
      if (await this.desk.remove(messageId)) return;
      await this.calls.delete(`/channels/${channelOf(place)}/messages/${messageId}`);
    } catch (error) {
      if (fromDiscord(error).code !== 'surface_gone') throw error;
    }
  }

  async typing(place: Place): Promise<void> {
    await this.calls.post(`/channels/${channelOf(place)}/typing`);
  }

  async notify(place: Place, text: Formatted): Promise<void> {
    for (const content of splitFormatted(text, MAX_CONTENT, lengthOf)) await this.post(place, { content }, { nonce: newId().replaceAll('-', '').slice(-25) });
  }

  async context(place: Place): Promise<PlaceContext> {
    const directory = this.running?.directory ?? new ChannelDirectory(this.calls, '');
    const channel = await directory.channel(channelOf(place));
    if (channel.guild_id == null) return { title: channel.name ?? '', isGroup: false };
    const { name, memberCount } = await directory.guild(channel.guild_id);
    return { title: [name, channel.name].filter(Boolean).join(' / '), isGroup: true, ...(memberCount !== undefined && { memberCount }) };
  }
}
