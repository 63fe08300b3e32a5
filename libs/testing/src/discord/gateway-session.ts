import type { WebSocket } from 'ws';
import { INTENTS, type DiscordEvent } from './discord-objects.js';

/** One bot's stay at the gateway: what it was told is kept, so that it may resume after a lost connection. */
export class GatewaySession {
  socket: WebSocket | undefined;
  private sequence = 0;
  private readonly sent: { readonly s: number; readonly t: string; readonly d: unknown }[] = [];

  constructor(
    readonly id: string,
    private readonly intents: number,
    private readonly botId: string,
  ) {}

  get lastSequence(): number {
    return this.sequence;
  }

  /** Numbers an event and sends it if the bot is there and wants such events. */
  tell({ type, body, intents }: DiscordEvent): void {
    if (intents !== 0 && (intents & this.intents) === 0) return;
    this.sequence += 1;
    this.sent.push({ s: this.sequence, t: type, d: this.seen(body) });
    this.send(this.sent.length - 1);
  }

  /** Everything after `sequence` once more; false when that was never told. */
  replay(sequence: number): boolean {
    if (sequence > this.sequence) return false;
    for (const [index, { s }] of this.sent.entries()) if (s > sequence) this.send(index);
    return true;
  }

  private send(index: number): void {
    const event = this.sent[index];
    if (event !== undefined && this.socket?.readyState === this.socket?.OPEN) this.socket?.send(JSON.stringify({ op: 0, ...event }));
  }

  /** Without the privileged intent a bot reads only what is said to it: direct messages, mentions, its own. */
  private seen(body: DiscordEvent['body']): unknown {
    if (body.content === undefined || body.guild_id === undefined || (this.intents & INTENTS.messageContent) !== 0) return body;
    const { id } = body.author as { id: string };
    const mentions = body.mentions as readonly { id: string }[];
    if (id === this.botId || mentions.some((user) => user.id === this.botId)) return body;
    return { ...body, content: '', attachments: [], embeds: [] };
  }
}
