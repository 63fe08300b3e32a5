import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen } from '../listen.js';
import type { DiscordMessage, DiscordUser } from './discord-objects.js';
import { DiscordWorld } from './discord-world.js';
import { GatewayServer, type Ending } from './gateway-server.js';
import { Interactions } from './interactions.js';
import { RateLimits, type PlannedLimit } from './rate-limits.js';
import { answerRest, type RestCall } from './rest-server.js';

export interface FakeDiscordOptions {
  /** Default: as Discord does with messages, 5 requests in 5,000 ms for each method, route and channel. */
  readonly requestsPerWindow?: number;
  readonly windowMs?: number;
  /** Default 41,250. */
  readonly heartbeatMs?: number;
  /** Whether the bot may ask for the content of all messages. Default true. */
  readonly allowsMessageContent?: boolean;
}

/** Something a person attaches. */
export interface SentFile {
  readonly filename: string;
  readonly contentType: string;
  readonly content: Uint8Array;
}

export interface Saying {
  /** Begins with a mention of the bot. */
  readonly mentions?: boolean;
  readonly replyTo?: string;
  readonly files?: readonly SentFile[];
}

/** Requests that shall fail: with a status of 500 and above, or 0 for a connection that breaks after the request was carried out. */
export interface PlannedFault {
  readonly route: RegExp;
  readonly status: number;
  readonly times?: number;
}

/** Discord with one application, one guild and whoever the test makes write there. */
export interface FakeDiscord {
  /** For DISCORD_REST_URL: `http://127.0.0.1:<port>/api`. */
  readonly restUrl: string;
  readonly gatewayUrl: string;
  readonly token: string;
  /** The id of the bot too. */
  readonly applicationId: string;
  /** Ed25519, in hexadecimal. */
  readonly publicKey: string;
  readonly world: DiscordWorld;
  readonly gateway: GatewayServer;
  /** All calls of the REST API, in the order of their answers. */
  readonly calls: readonly RestCall[];
  readonly commands: readonly Record<string, unknown>[];
  user(name: string): DiscordUser;
  channel(name: string): string;
  direct(user: DiscordUser): string;
  thread(channelId: string, name: string, owner?: DiscordUser): string;
  /** Writes a message and gives its id. */
  say(channelId: string, user: DiscordUser, text: string, how?: Saying): string;
  edit(channelId: string, messageId: string, text: string): void;
  /** Gives a slash command, over the gateway, or to `url` as Discord's own signed request, whose status is the answer. */
  command(channelId: string, user: DiscordUser, name: string, argument?: string, url?: string): Promise<{ readonly id: string; readonly status: number }>;
  /** A request as Discord signs it. */
  signed(body: string, timestamp?: string): Record<string, string>;
  messages(channelId: string): readonly DiscordMessage[];
  /** Those of the bot. */
  answers(channelId: string): readonly DiscordMessage[];
  limit(limit: PlannedLimit): void;
  fail(fault: PlannedFault): void;
  endConnections(how: Ending): void;
  close(): Promise<void>;
}

/** Starts a fake Discord: REST API, gateway and attachments on one port. */
export async function startFakeDiscord(options: FakeDiscordOptions = {}): Promise<FakeDiscord> {
  const { requestsPerWindow = 5, windowMs = 5_000, heartbeatMs = 41_250, allowsMessageContent = true } = options;
  const world = new DiscordWorld();
  const interactions = new Interactions(world);
  const token = `${Buffer.from(world.applicationId).toString('base64url')}.${randomBytes(4).toString('base64url')}.${randomBytes(20).toString('base64url')}`;
  const keys = generateKeyPairSync('ed25519');
  const limits = new RateLimits(requestsPerWindow, windowMs);
  const gateway = new GatewayServer({ token, world, heartbeatMs, allowsMessageContent });
  const calls: RestCall[] = [];
  let faults: { readonly fault: PlannedFault; left: number }[] = [];
  const faultOf = (request: string): number | undefined => {
    const due = faults.find(({ fault }) => fault.route.test(request));
    if (due === undefined) return undefined;
    due.left -= 1;
    faults = faults.filter(({ left }) => left > 0);
    return due.fault.status;
  };
  const rest = { token, world, interactions, limits, onCall: (call: RestCall) => void calls.push(call), fault: faultOf };
  const server = createServer((request, response) => {
    const answered = request.url?.startsWith('/attachments/') ? Promise.resolve(sendAttachment(world, request, response)) : answerRest(rest, request, response);
    answered.catch((error: unknown) => response.writeHead(500).end(error instanceof Error ? error.message : 'failed'));
  });
  gateway.attach(server);
  const { url, close } = await listen(server);
  world.baseUrl = url;
  world.onEvent = (event) => gateway.tell(event);

  const signed = (body: string, timestamp = String(Math.floor(Date.now() / 1000))): Record<string, string> => ({
    'content-type': 'application/json',
    'x-signature-timestamp': timestamp,
    'x-signature-ed25519': sign(null, Buffer.from(timestamp + body), keys.privateKey).toString('hex'),
  });
  const command: FakeDiscord['command'] = async (channelId, user, name, argument = '', to) => {
    const { interaction, body } = interactions.give(channelId, user, name, argument);
    if (to === undefined) {
      gateway.tell({ type: 'INTERACTION_CREATE', body, intents: 0 });
      return { id: interaction.id, status: 0 };
    }
    const text = JSON.stringify(body);
    const response = await fetch(to, { method: 'POST', headers: signed(text), body: text });
    const said = await response.text();
    if (response.ok) interactions.respond(interaction.id, interaction.token, JSON.parse(said));
    return { id: interaction.id, status: response.status };
  };
  const say: FakeDiscord['say'] = (channelId, user, text, { mentions = false, replyTo, files = [] } = {}) => {
    const content = mentions ? `<@${world.bot.id}> ${text}` : text;
    const replied = replyTo === undefined ? [] : [world.message(channelId, replyTo)?.author.id ?? ''];
    // A reply tells the one whom it answers, unless the person forbids it.
    const pings = [...content.matchAll(/<@!?(\d+)>/g)].map(([, id]) => id ?? '').concat(replied);
    return world.write({ channelId, author: user, content, pings, attachments: files.map((file) => ({ id: world.ids.next(), ...file })), ...(replyTo !== undefined && { replyTo }) }).id;
  };
  return {
    restUrl: `${url}/api`,
    gatewayUrl: `${url.replace('http', 'ws')}/gateway`,
    token,
    applicationId: world.applicationId,
    publicKey: Buffer.from(keys.publicKey.export({ format: 'jwk' }).x ?? '', 'base64url').toString('hex'),
    world,
    gateway,
    calls,
    get commands() {
      return interactions.commands;
    },
    user: (name) => world.addUser(name),
    channel: (name) => world.addChannel({ type: 0, name }).id,
    direct: (recipient) => world.addChannel({ type: 1, name: '', recipient }).id,
    thread: (parentId, name, owner) => world.addChannel({ type: 11, name, parentId, ownerId: (owner ?? world.bot).id }).id,
    say,
    edit: (channelId, messageId, content) => {
      const message = world.message(channelId, messageId);
      if (message === undefined) throw new Error(`There is no message ${messageId}.`);
      world.change(message, { content });
    },
    command,
    signed,
    messages: (channelId) => world.messages(channelId),
    answers: (channelId) => world.messages(channelId).filter((message) => message.author.id === world.bot.id),
    limit: (limit) => limits.plan(limit),
    fail: (fault) => void faults.push({ fault, left: fault.times ?? 1 }),
    endConnections: (how) => gateway.end(how),
    close: async () => {
      gateway.close();
      await close();
    },
  };
}

function sendAttachment(world: DiscordWorld, request: IncomingMessage, response: ServerResponse): void {
  const [, , , id = ''] = new URL(request.url ?? '/', 'http://x').pathname.split('/');
  const attachment = world.attachments.get(id);
  if (attachment === undefined) response.writeHead(404).end();
  else response.writeHead(200, { 'content-type': attachment.contentType, 'content-length': attachment.content.length }).end(attachment.content);
}
