import type { IncomingMessage } from 'node:http';
import { AppError } from '@nexus/core';
import { createLogger } from '@nexus/runtime';
import { expect, it } from 'vitest';
import { logFailure } from './log-failure.js';

const request = { headers: { 'x-request-id': 'r1' } } as unknown as IncomingMessage;
const logged = (error: AppError): string => {
  let lines = '';
  logFailure(createLogger({ destination: { write: (line) => void (lines += line) } }), request, error);
  return lines;
};

it('logs what a provider failed without its words', () => {
  const line = logged(new AppError('server_error', 'openai: cannot answer "my secret"', { status: 502 }));
  expect(JSON.parse(line)).toMatchObject({ level: 'error', code: 'server_error', status: 502, request_id: 'r1' });
  expect(line).not.toContain('secret');
});

it('logs what broke inside NEXUS with its place', () => {
  expect(JSON.parse(logged(AppError.from(new TypeError('x is not a function'))))).toMatchObject({ code: 'internal', error: { cause: { type: 'TypeError', place: expect.arrayContaining([expect.stringContaining('log-failure.test')]) } } });
});

it('logs nothing of what the client did wrong', () => {
  expect(logged(new AppError('invalid', 'No.', { status: 400 }))).toBe('');
});
