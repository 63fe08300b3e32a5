import { join } from 'node:path';
import { freePort, spawnService, type Service } from '@nexus/testing';
import { afterEach, expect, it } from 'vitest';

const main = join(import.meta.dirname, 'adapter-process-main.mjs');
let service: Service | undefined;
afterEach(() => service?.stop());

async function start(env: Readonly<Record<string, string>> = {}): Promise<string> {
  const port = await freePort();
  service = await spawnService({ args: [main], env: { NEXUS_PAPER_PORT: String(port), ...env }, ready: { line: /^listens on/ } });
  return `http://127.0.0.1:${port}`;
}

it('tells health and metrics, and ends in good order when it is asked to', async () => {
  const url = await start();
  expect((await fetch(`${url}/health/live`)).status).toBe(200);
  expect((await fetch(`${url}/health/ready`)).status).toBe(200);
  expect((await fetch(`${url}/nothing`)).status).toBe(404);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  for (const line of ['nexus_adapter_answers_total{surface="paper"} 1', 'nexus_adapter_refusals_total{surface="paper"} 0', 'nexus_adapter_open_messages{surface="paper"} 3', 'nexus_adapter_oldest_open_seconds{surface="paper"} 1.5', 'nexus_adapter_answer_seconds_count{surface="paper"} 1', 'process_resident_memory_bytes']) {
    expect(metrics).toContain(line);
  }
  expect(await service?.kill('SIGTERM')).toBe('exited with code 0');
  expect(service?.output()).toContain('ended in good order');
});

it('says what is wrong in its environment, and no value', async () => {
  await expect(start({ NEXUS_PAPER_PORT: 'secret' })).rejects.toThrow(/NEXUS_PAPER_PORT must be a port number/);
  await expect(start({ NEXUS_PAPER_PORT: 'secret' })).rejects.not.toThrow(/secret/);
});
