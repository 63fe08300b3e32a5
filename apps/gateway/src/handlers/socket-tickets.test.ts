import { describe, expect, it } from 'vitest';
import { SocketTickets } from './socket-tickets.js';

const HASH = 'ab'.repeat(32);

function ticketsAt(now: { at: number }, token = 'service-token-of-the-tests'): SocketTickets {
  return new SocketTickets(token, { now: () => now.at });
}

describe('SocketTickets', () => {
  it('gives the hash back once, also at a replica that did not make the ticket', () => {
    const now = { at: 1_763_600_000_000 };
    const [one, other] = [ticketsAt(now), ticketsAt(now)];
    const { ticket, expiresAt } = one.issue(HASH);
    expect(expiresAt).toBe(now.at + 30_000);
    expect(other.redeem(ticket)).toBe(HASH);
    expect(() => other.redeem(ticket)).toThrow(expect.objectContaining({ code: 'invalid_ticket', status: 401 }));
  });

  it('knows no ticket any more after its time, used or not', () => {
    const now = { at: 1_763_600_000_000 };
    const tickets = ticketsAt(now);
    const { ticket } = tickets.issue(HASH);
    now.at += 30_000;
    expect(() => tickets.redeem(ticket)).toThrow(expect.objectContaining({ code: 'invalid_ticket' }));
  });

  it('takes none that was changed, or made under another service token', () => {
    const now = { at: 1_763_600_000_000 };
    const { ticket } = ticketsAt(now).issue(HASH);
    const changed = Buffer.from(ticket, 'base64url');
    changed.writeUInt8(changed.readUInt8(40) ^ 1, 40);
    for (const wrong of [changed.toString('base64url'), '', 'x', ticket.slice(0, -4)]) expect(() => ticketsAt(now).redeem(wrong)).toThrow(expect.objectContaining({ code: 'invalid_ticket' }));
    expect(() => ticketsAt(now, 'another-token-of-the-tests').redeem(ticket)).toThrow(expect.objectContaining({ code: 'invalid_ticket' }));
  });

  it('holds the hash so that nobody can read it', () => {
    expect(Buffer.from(ticketsAt({ at: 1 }).issue(HASH).ticket, 'base64url').toString('hex')).not.toContain(HASH);
  });
});
