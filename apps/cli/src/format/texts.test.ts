import { expect, it } from 'vitest';
import { count, groupDigits } from './count.js';
import { formatDuration } from './duration.js';
import { harmless, oneLine } from './one-line.js';
import { placeOf } from './place-of.js';
import { shellWord } from './shell-word.js';
import { utcTime } from './utc-time.js';

it.each([[0, '0 ms'], [12.4, '12 ms'], [1_300, '1.3 s'], [125_000, '2 min 5 s']])('writes %s milliseconds as %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

it('groups digits the same on every machine and counts one and many', () => {
  expect([groupDigits(999), groupDigits(1_280n), groupDigits(1_234_567n)]).toEqual(['999', '1,280', '1,234,567']);
  expect([count(1, 'step'), count(0, 'step'), count(1_280n, 'token')]).toEqual(['1 step', '0 steps', '1,280 tokens']);
});

it('takes from a text what could steer a terminal', () => {
  expect(oneLine('a\n\tb\u001b[31mc\u0007', 50)).toBe('a b [31mc');
  expect(oneLine('0123456789', 8)).toBe('01234...');
  expect(harmless('line\n\ttab\u001b[2J\u0000')).toBe('line\n\ttab[2J');
});

it('shows where a server is without user and password', () => {
  expect(placeOf('postgres://user:secret@db.example:5432/nexus?sslmode=require')).toBe('postgres://db.example:5432/nexus');
  expect(placeOf('secret')).not.toContain('secret');
});

it('quotes for a shell what needs it', () => {
  expect(shellWord('http://127.0.0.1:8080/v1')).toBe('http://127.0.0.1:8080/v1');
  expect(shellWord("it's $HOME")).toBe("'it'\\''s $HOME'");
});

it('writes times in UTC, and nothing for never', () => {
  expect(utcTime(1_795_162_814_928n)).toBe('2026-11-20 08:20:14');
  expect(utcTime(0n)).toBe('');
});
