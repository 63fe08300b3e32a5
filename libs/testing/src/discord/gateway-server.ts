import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { z } from 'zod';
import { INTENTS, type DiscordEvent } from './discord-objects.js';
import type { DiscordWorld } from './discord-world.js';
import { GatewaySession } from './gateway-session.js';

const frame = z.object({ op: z.number(), d: z.unknown() });
const identify = z.looseObject({ token: z.string(), intents: z.number(), properties: z.looseObject({}) });
const resume = z.object({ token: z.string(), session_id: z.string(), seq: z.number() });

const OP = { dispatch: 0, heartbeat: 1, identify: 2, resume: 6, reconnect: 7, invalidSession: 9, hello: 10, heartbeatAck: 11 } as const;

/** How the gateway ends a connection: as asked by opcode 7, by breaking it, or by saying that the session is no more (opcode 9). */
export type Ending = 'reconnect' | 'broken' | 'invalid-session';

export interface GatewayOptions {
  readonly token: string;
  readonly world: DiscordWorld;
  readonly heartbeatMs: number;
  /** Whether the bot's owner has allowed the privileged intent. */
  readonly allowsMessageContent: boolean;
}

/** Discord's gateway, version 10, JSON: hello, identify, heartbeats, events with numbers, resume with replay. */
export class GatewayServer {
  /** How often each of these came. */
  readonly counts = { identifies: 0, resumes: 0, refusedResumes: 0, heartbeats: 0 };
  /** False: heartbeats are not answered, as on a dead line. */
  answersHeartbeats = true;
  private readonly server = new WebSocketServer({ noServer: true });
  private readonly sessions = new Map<string, GatewaySession>();

  constructor(private readonly options: GatewayOptions) {}

  attach(server: Server): void {
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      const url = new URL(request.url ?? '/', 'ws://x');
      if (!url.pathname.startsWith('/gateway') || url.searchParams.get('v') !== '10' || url.searchParams.get('encoding') !== 'json') return void socket.destroy();
      this.server.handleUpgrade(request, socket, head, (opened) => this.welcome(opened));
    });
  }

  tell(event: DiscordEvent): void {
    for (const session of this.sessions.values()) session.tell(event);
  }

  get connections(): number {
    return [...this.sessions.values()].filter(({ socket }) => socket !== undefined).length;
  }

  end(how: Ending): void {
    for (const session of [...this.sessions.values()]) {
      const { socket } = session;
      if (how === 'invalid-session') this.sessions.delete(session.id);
      if (how === 'broken') socket?.terminate();
      else socket?.send(JSON.stringify(how === 'reconnect' ? { op: OP.reconnect, d: null } : { op: OP.invalidSession, d: false }));
    }
  }

  /** Who comes back has to identify anew. */
  forgetSessions(): void {
    this.sessions.clear();
  }

  close(): void {
    for (const client of this.server.clients) client.terminate();
    this.server.close();
  }

  private welcome(socket: WebSocket): void {
    let session: GatewaySession | undefined;
    const send = (op: number, d: unknown): void => socket.send(JSON.stringify({ op, d, s: null, t: null }));
    const handle = (text: string): void => {
      const { op, d } = frame.parse(JSON.parse(text));
      if (op === OP.heartbeat) {
        this.counts.heartbeats += 1;
        if (this.answersHeartbeats) send(OP.heartbeatAck, null);
      } else if (op === OP.identify) {
        if (session !== undefined) return socket.close(4005, 'Already authenticated.');
        session = this.identify(identify.parse(d), socket);
      } else if (op === OP.resume) {
        if (session !== undefined) return socket.close(4005, 'Already authenticated.');
        session = this.resume(resume.parse(d), socket);
        if (session === undefined) send(OP.invalidSession, false);
      } else if (session === undefined) socket.close(4003, 'Not authenticated.');
      else if (![3, 4, 8].includes(op)) socket.close(4001, 'Unknown opcode.');
    };
    socket.on('message', (bytes: Buffer) => {
      try {
        handle(bytes.toString('utf8'));
      } catch {
        socket.close(4002, 'Error while decoding payload.');
      }
    });
    socket.on('close', (code: number) => {
      if (session === undefined || session.socket !== socket) return;
      session.socket = undefined;
      // A bot that leaves with one of these does not come back.
      if (code === 1000 || code === 1001) this.sessions.delete(session.id);
    });
    socket.on('error', () => undefined);
    send(OP.hello, { heartbeat_interval: this.options.heartbeatMs });
  }

  private identify({ token, intents }: z.infer<typeof identify>, socket: WebSocket): GatewaySession | undefined {
    this.counts.identifies += 1;
    const { world } = this.options;
    if (token !== this.options.token) return void socket.close(4004, 'Authentication failed.');
    if ((intents & INTENTS.messageContent) !== 0 && !this.options.allowsMessageContent) return void socket.close(4014, 'Disallowed intent(s).');
    const session = new GatewaySession(world.ids.next(), intents, world.bot.id);
    session.socket = socket;
    this.sessions.set(session.id, session);
    const host = new URL(world.baseUrl).host;
    session.tell({
      type: 'READY',
      body: { v: 10, user: world.bot, guilds: [{ id: world.guildId, unavailable: true }], session_id: session.id, resume_gateway_url: `ws://${host}/gateway`, application: { id: world.applicationId, flags: 0 }, private_channels: [] },
      intents: 0,
    });
    session.tell({ type: 'GUILD_CREATE', body: this.guild(), intents: INTENTS.guilds });
    return session;
  }

  private resume({ token, session_id, seq }: z.infer<typeof resume>, socket: WebSocket): GatewaySession | undefined {
    this.counts.resumes += 1;
    const session = this.sessions.get(session_id);
    if (token !== this.options.token || session === undefined || seq > session.lastSequence) {
      this.counts.refusedResumes += 1;
      return undefined;
    }
    session.socket?.terminate();
    session.socket = socket;
    session.replay(seq);
    session.tell({ type: 'RESUMED', body: {}, intents: 0 });
    return session;
  }

  private guild(): Record<string, unknown> {
    const { world } = this.options;
    const channels = [...world.channels.values()].filter(({ guildId }) => guildId !== undefined);
    const show = (type: number): object[] => channels.filter((channel) => channel.type === type && !channel.isLocked).map((channel) => world.channel(channel));
    const roles = [
      { id: world.guildId, name: '@everyone', tags: undefined },
      { id: world.botRoleId, name: 'nexus', tags: { bot_id: world.bot.id } },
    ];
    return { id: world.guildId, name: 'Guild', unavailable: false, member_count: 3, preferred_locale: 'en-US', roles, channels: show(0), threads: show(11), members: [] };
  }
}
