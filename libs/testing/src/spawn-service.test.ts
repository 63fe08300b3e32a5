import { freePort } from '@nexus/embedded';
import { connect } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { spawnService, type Service, type ServiceOptions } from './spawn-service.js';

async function start(code: string, options: Partial<ServiceOptions> = {}): Promise<Service> {
  const service = await spawnService({ args: ['-e', code], ready: { line: /^ready$/ }, ...options });
  onTestFinished(() => service.stop());
  return service;
}

const ENDLESS = 'console.log("ready"); setInterval(() => {}, 1000);';

it('is ready at its line, and gets the environment it is given and no more', async () => {
  const service = await start(`console.error(Object.keys(process.env).filter((name) => name !== 'PATH' && /PA|VITEST/.test(name))); ${ENDLESS}`, { env: { PA: '1' } });
  expect(service.output()).toContain("[ 'PA' ]");
  await service.stop();
  expect(await service.exited).toBe('was ended by SIGTERM');
});

it('is ready when its port accepts connections, and again after a kill and a restart', async () => {
  const port = await freePort();
  const service = await start(`require('node:net').createServer((socket) => socket.on("error", () => {}).end(String(process.pid))).listen(${port}, '127.0.0.1')`, { ready: { port } });
  const pid = (): Promise<string> => new Promise((resolve, reject) => connect(port, '127.0.0.1').once('data', (bytes) => resolve(bytes.toString())).once('error', reject));
  const first = service.pid;
  expect(await pid()).toBe(String(first));
  expect(await service.kill()).toBe('was ended by SIGKILL');
  await service.restart();
  expect(service.pid).not.toBe(first);
  expect(await pid()).toBe(String(service.pid));
});

it('restarts what still runs, and waits for the line of the new life', async () => {
  const service = await start(ENDLESS);
  await service.restart();
  expect(service.output()).toBe('ready\nready\n');
});

it('shows what a process wrote that ends before it is ready', async () => {
  await expect(start('console.error("no such table"); process.exit(3)')).rejects.toMatchObject({ code: 'service_failed', message: expect.stringMatching(/exited with code 3[^]*no such table/) });
  await expect(start('', { command: '/nowhere/node' })).rejects.toMatchObject({ message: expect.stringContaining('could not be run') });
});

it('gives up on a process that never becomes ready', async () => {
  await expect(start(ENDLESS, { ready: { line: /never/ }, readyWithinMs: 300 })).rejects.toThrow('No sign of a line like /never/');
});

it('lets a stopped process go on', async () => {
  const service = await start('process.on("SIGCONT", () => console.log("again")); ' + ENDLESS);
  service.signal('SIGSTOP');
  service.signal('SIGCONT');
  await expect.poll(() => service.output()).toContain('again');
});
