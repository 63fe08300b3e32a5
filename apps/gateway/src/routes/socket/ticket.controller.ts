import type { IncomingMessage } from 'node:http';
import { Controller, Get, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { AppError } from '@nexus/core';
import { hashOf } from '@nexus/runtime';
import { toUnixSeconds } from '../../domain/unix-seconds.js';
import { SocketTickets } from '../../handlers/socket-tickets.js';
import { requireSecret } from '../request-secret.js';

interface TicketJson {
  readonly ticket: string;
  readonly expires_at: number;
}

/** /ws/tickets, and /ws for whoever asks there without wanting a WebSocket. */
@Controller('ws')
export class TicketController {
  constructor(@Inject(SocketTickets) private readonly tickets: SocketTickets) {}

  /** A ticket in the name of the key that the request came with. */
  @Post('tickets')
  @HttpCode(201)
  issue(@Req() request: IncomingMessage, @Res({ passthrough: true }) response: ServerResponse): TicketJson {
    response.setHeader('cache-control', 'no-store');
    const { ticket, expiresAt } = this.tickets.issue(hashOf(requireSecret(request)).toString('hex'));
    return { ticket, expires_at: toUnixSeconds(expiresAt) };
  }

  @Get()
  explain(@Res({ passthrough: true }) response: ServerResponse): never {
    response.setHeader('upgrade', 'websocket');
    throw new AppError('upgrade_required', 'Here is a WebSocket: ask with `Connection: Upgrade` and `Upgrade: websocket`. docs/websocket.md tells its frames.', { status: 426 });
  }
}
