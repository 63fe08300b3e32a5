import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { postgresTest, redisTest } from '@nexus/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ToolExecutorUnderTest } from './tool-executor-test.js';

const postgres = postgresTest();
const redis = redisTest();
let server: Server;
let host: string;

beforeAll(async () => {
  server = createServer((_request, response) => response.writeHead(200, { 'content-type': 'text/plain' }).end('the page'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

it.each([
  ['refuses a page of an internal host', {}, { isError: true, text: expect.stringContaining('page_forbidden') as string }],
  ['reads it when the operator allows the host', { allow: true }, { isError: false, text: expect.stringContaining('the page') as string }],
])('%s', async (_name, { allow }: { allow?: boolean }, expected) => {
  const tools = await ToolExecutorUnderTest.start({ redisUrl: redis.url, databaseUrl: postgres.url, environment: allow ? { NEXUS_TOOL_ALLOW_HOSTS: host } : {} });
  const { result } = await tools.outcome(await tools.execute('load_web_page', { url: `http://${host}/` }));
  expect(result).toMatchObject(expected);
  await tools.stop();
});
