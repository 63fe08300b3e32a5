import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fromJsonString } from '@bufbuild/protobuf';
import { Outcome, ProcessedRequestSchema, channels } from '@nexus/contracts';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiKey, root, startNexusApart, type Nexus } from './nexus-apart.js';

let nexus: Nexus;
let redis: Redis;
let blocks: Map<string, string>;

beforeAll(async () => {
  const page = await readFile(join(root, 'docs/channels.md'), 'utf8');
  blocks = new Map([...page.matchAll(/^```sh example=(\S+)\n(.*?)^```$/gms)].map(([, name = '', text = '']) => [name, text]));
  nexus = await startNexusApart();
  redis = new Redis(nexus.redisUrl);
}, 90_000);
afterAll(async () => {
  redis?.disconnect();
  await nexus?.stop();
});

/** Runs blocks of the page one after the other in one shell, as a person would. */
function paste(...names: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const script = names.map((name) => blocks.get(name) ?? `echo "docs/channels.md has no example ${name}" >&2; exit 2`).join('\n');
  const env = { PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH ?? ''}`, HOME: process.env.HOME ?? '', REDIS_URL: nexus.redisUrl, NEXUS_TOKEN: apiKey };
  return new Promise((resolve) => {
    execFile('sh', ['-c', script], { cwd: root, env, timeout: 60_000 }, (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }));
  });
}

describe('docs/channels.md', () => {
  it('BUS-1 has an example for redis-cli that gets its answer, acknowledges it and leaves no group behind', async () => {
    const { code, stdout, stderr } = await paste('publish-by-hand');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [created, asked, ...rest] = stdout.trim().split('\n');
    expect([created, rest.at(-1)]).toEqual(['OK', '1']);
    expect(asked).toMatch(/^\d+-\d+$/);
    expect(stdout).toContain('224');
    const groups = (await redis.xinfo('GROUPS', 'requests.processed')) as unknown[];
    expect(groups).toEqual([]);
  }, 60_000);

  it('BUS-1 shows how to decode the answer', async () => {
    const { code, stdout, stderr } = await paste('publish-by-hand', 'read-answer-by-hand');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const answer = fromJsonString(ProcessedRequestSchema, stdout.trim().split('\n').at(-1) ?? '');
    expect(answer).toMatchObject({ outcome: Outcome.ANSWERED, surface: 'terminal', text: expect.stringContaining('224') as string });
    expect(answer.messageId).toMatch(/^by-hand-\d+$/);
  }, 60_000);
});

it('BUS-1 every work channel has a consumer group, so that nothing published is left lying', async () => {
  const read = Object.entries(channels).filter(([name, { delivery }]) => delivery === 'work' && name !== 'requests.processed');
  // answers to model calls go to the replica that asked; the channel itself serves those who named no reply-to
  for (const [name] of read) expect(((await redis.xinfo('GROUPS', name)) as unknown[]).length, name).toBeGreaterThan(0);
});
