import { Code, ConnectError } from '@connectrpc/connect';
import { ErrorSchema } from '@nexus/contracts';
import { expect, it } from 'vitest';
import { gatewayError } from './gateway-error.js';

const access = { url: 'http://127.0.0.1:8080', key: 'nxs_secret', keySource: 'NEXUS_API_KEY' };
const system = (code: string) => Object.assign(new Error(`connect ${code}`), { code });
const messageOf = (error: unknown) => gatewayError(error, access).message;

it('says how to start NEXUS when nothing answers', () => {
  expect(gatewayError(new ConnectError('x', Code.Unavailable, undefined, undefined, system('ECONNREFUSED')), access)).toMatchObject({ code: 'not_running', message: 'NEXUS does not answer at http://127.0.0.1:8080 (ECONNREFUSED). Start it with: npm start' });
  expect(messageOf(new ConnectError('x', Code.Unavailable, undefined, undefined, new AggregateError([system('ECONNREFUSED')])))).toContain('npm start');
  expect(messageOf(new ConnectError('x', Code.Aborted, undefined, undefined, system('ECONNRESET')))).toContain('broke');
});

it('hands on what the service says', () => {
  const details = [{ desc: ErrorSchema, value: { code: 'budget_exceeded', message: 'The budget is used up.', status: 402 } }];
  expect(gatewayError(new ConnectError('x', Code.ResourceExhausted, undefined, details), access)).toMatchObject({ code: 'budget_exceeded', message: 'The budget is used up.', status: 402 });
});

it('says of a refused key whose it is, and does not show it', () => {
  const message = messageOf(new ConnectError('This key is not known.', Code.Unauthenticated));
  expect(message).toContain('NEXUS_API_KEY');
  expect(message).not.toContain('nxs_secret');
});

it('says of a server that is no NEXUS that it may be none', () => {
  expect(messageOf(new ConnectError('HTTP 404', Code.Unimplemented))).toContain('is it NEXUS');
  expect(messageOf(new ConnectError('HTTP 418', Code.Unknown))).toBe('http://127.0.0.1:8080 answered: HTTP 418');
});
