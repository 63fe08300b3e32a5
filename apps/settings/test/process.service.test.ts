import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { freePort, postgresTest, redisTest, spawnService, type Service } from '@nexus/testing';
import { afterEach, expect, it } from 'vitest';
import { DEV_SECRET, SERVICE_TOKEN } from './settings-test.js';

const postgres = postgresTest();
const redis = redisTest();
const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
let service: Service | undefined;
afterEach(() => service?.stop());

/** The built service as a process of its own. */
async function start(env: Record<string, string> = {}): Promise<{ readonly url: string; readonly port: number; readonly service: Service }> {
  const port = await freePort();
  service = await spawnService({
    args: [main],
    env: { REDIS_URL: redis.url, DATABASE_URL: postgres.url, NEXUS_SERVICE_TOKEN: SERVICE_TOKEN, NEXUS_DEV_API_KEY: DEV_SECRET, NEXUS_SETTINGS_PORT: String(port), ...env },
    ready: { line: /"message":"service started"/ },
  });
  return { url: `http://127.0.0.1:${port}`, port, service };
}

it('serves as a process of its own, and exits with 0 soon after SIGTERM, having logged no secret', async () => {
  const { url, service: running } = await start();
  const keys = await fetch(`${url}/nexus.settings.v1.SettingsService/ListKeys`, { method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${DEV_SECRET}` }, body: '{}' });
  expect(await keys.json()).toMatchObject({ keys: [{ name: 'development', isAdmin: true }] });
  const began = performance.now();
  expect(await running.kill('SIGTERM')).toBe('exited with code 0');
  expect(performance.now() - began).toBeLessThan(5_000);
  expect(running.output()).not.toContain(DEV_SECRET);
  expect(running.output()).not.toContain(SERVICE_TOKEN);
});

it('gives a request under way its grace, and exits at once at a second signal', async () => {
  const { port, service: running } = await start({ NEXUS_SHUTDOWN_GRACE_MS: '60000' });
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.on('error', () => undefined).on('data', (bytes) => (answer += bytes.toString()));
  socket.write('POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n{');
  await expect.poll(() => answer).toContain('100 Continue');
  running.signal('SIGTERM');
  await expect.poll(() => running.output()).toContain('"message":"stopping"');
  expect(await running.kill('SIGTERM')).toBe('exited with code 1');
  socket.destroy();
});

it('says what is wrong with its environment and exits', async () => {
  await expect(start({ NEXUS_SERVICE_TOKEN: 'short', NEXUS_SETTINGS_PORT: 'many' })).rejects.toThrow(/NEXUS_SERVICE_TOKEN must have at least 16 characters[\s\S]*NEXUS_SETTINGS_PORT must be a port number/);
});
