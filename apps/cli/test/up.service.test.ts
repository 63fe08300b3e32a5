import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Service } from '@nexus/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPlace, descendantsOf, livingOf, type Place } from './nexus-command.js';

const QUESTION = 'What is 17.5% of 1,280, and what time is it in Tokyo?';

/** Ends it, and shows that it did so in time and that nothing of it is left. */
async function endsCleanly(nexus: Service, signals: readonly NodeJS.Signals[]): Promise<string> {
  const children = descendantsOf(nexus.pid);
  expect(children.length).toBeGreaterThan(1);
  const asked = performance.now();
  for (const signal of signals) nexus.signal(signal);
  const how = await nexus.exited;
  expect(performance.now() - asked).toBeLessThan(5_000);
  // The shells that watch over the servers notice a moment later that they are not needed.
  await expect.poll(() => livingOf(children), { timeout: 3_000 }).toEqual([]);
  return how;
}

describe.each(['with redis-server', 'without redis-server'])('nexus up %s', (which) => {
  const hasRedis = which === 'with redis-server';
  let place: Place;
  let nexus: Service;
  let threadId: string;
  let runId: string;

  beforeAll(async () => {
    place = await createPlace({}, { hasPrograms: hasRedis });
    nexus = await place.up();
  }, 90_000);
  afterAll(async () => {
    await nexus?.stop();
    place?.remove();
  });

  it('shows what it found, its first question step by step, and how to go on', () => {
    const output = nexus.output();
    expect(output).toMatch(hasRedis ? /Redis +private redis-server: redis:\/\/127\.0\.0\.1:\d+\n/ : /Redis +none found: channels are an in-memory twin[^]*apt-get install redis-server/);
    expect(output).toMatch(/Postgres +private/);
    expect(output).toMatch(/Providers +demo \(answers by fixed rules, no AI\); none with a key yet/);
    expect(output).toMatch(/Ollama +/);
    expect(output).toContain('may spend $1.000000 a day');
    expect(output).toContain(QUESTION);
    for (const tool of ['math_solver', 'current_time']) expect(output).toMatch(new RegExp(`step 1  calls ${tool} `));
    expect(output).toMatch(/step 1 {2}math_solver says: 224/);
    expect(output).toMatch(/17\.5% of 1,280 is 224\. In Tokyo it is /);
    expect(output).toMatch(/2 steps, 2 tool calls/);
    expect(output).toMatch(/cost \$0\.000000, trace [0-9a-f]{32}\n/);
    expect(output.split('\n')).toContain(`NEXUS is ready: http://127.0.0.1:${place.port}`);
  });

  it('keeps the key that it made for its owner only, and its curl works', async () => {
    const key = readFileSync(join(place.folder, '.nexus/dev-api-key'), 'utf8').trim();
    expect(statSync(join(place.folder, '.nexus/dev-api-key')).mode & 0o777).toBe(0o600);
    const [, url = '', authorization = '', body = ''] = / {2}curl (\S+) -H 'Authorization: (.+?)' -H 'Content-Type: application\/json' -d '(.+)'\n/.exec(nexus.output()) ?? [];
    expect(authorization).toBe(`Bearer ${key}`);
    const response = await fetch(url, { method: 'POST', headers: { authorization, 'content-type': 'application/json' }, body });
    expect(await response.json()).toMatchObject({ choices: [{ message: { content: expect.stringContaining('224') } }] });
  });

  it('is asked through the command line, which shows tools and cost beside the answer', async () => {
    const { code, stdout, stderr } = await place.nexus(['ask', QUESTION]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^17\.5% of 1,280 is 224\. In Tokyo it is .*\n$/);
    expect(stderr).toMatch(/math_solver says: 224/);
    expect(stderr).toMatch(/\$0\.000000/);
  });

  it('shows text as it comes, not at the end', async () => {
    const { stdout, talkedForMs } = await place.nexus(['ask', '--model', 'demo;chunks=8;chunkdelay=100', 'hello']);
    expect(stdout).toContain('demo model');
    expect(talkedForMs).toBeGreaterThan(500);
  });

  it('shows the run of a question by its id, its message id, and as JSON', async () => {
    const asked = JSON.parse((await place.nexus(['ask', '--json', 'What is 6 * 7?'])).stdout) as { runId: string; threadId: string; messageId: string };
    ({ runId, threadId } = asked);
    const shown = await place.nexus(['runs', 'show', runId]);
    expect(shown.stdout).toMatch(/run \S+: succeeded/);
    expect(shown.stdout).toMatch(/model demo\/demo calls math_solver/);
    expect(shown.stdout).toMatch(/tool math_solver says: 42/);
    const json = JSON.parse((await place.nexus(['runs', 'show', asked.messageId, '--json'])).stdout) as { run: { id: string } };
    expect(json.run.id).toBe(runId);
  });

  it('replays a run, and forks it into a new thread', async () => {
    const replayed = await place.nexus(['runs', 'replay', runId]);
    expect(replayed).toMatchObject({ code: 0, stdout: expect.stringMatching(/tool finished .*call model \(step 2, try 0\)\n[^]*The same: 4 states, 3 of them held against/) });
    expect(JSON.parse((await place.nexus(['runs', 'replay', runId, '--json'])).stdout)).toMatchObject({ divergences: [] });
    const forked = await place.nexus(['runs', 'fork', runId, '--step', '1']);
    expect(forked).toMatchObject({ code: 0, stdout: expect.stringContaining('42'), stderr: expect.stringMatching(/1 step, 0 tool calls/) });
    const newRun = / \(run (\S+), thread/.exec(forked.stderr)?.[1] ?? '';
    expect((await place.nexus(['runs', 'show', newRun])).stdout).toContain(`forked from run ${runId} after step 1`);
    expect(await place.nexus(['runs', 'fork', runId, '--step', '2'])).toMatchObject({ code: 1, stderr: expect.stringContaining('say something') });
    expect(await place.nexus(['runs', 'replay', 'never-published'])).toMatchObject({ code: 1, stderr: expect.stringContaining('it was never published') });
  });

  it('holds a conversation', async () => {
    const { code, stdout } = await place.nexus(['chat', '--thread', threadId], { input: 'What did I ask before?\n/new\nWhat did I ask before?\n/exit\n' });
    expect(code).toBe(0);
    const [first, second] = stdout.split('\n');
    expect(first).toContain('What is 6 * 7?');
    expect(second).toContain('first question of our conversation');
    for (const command of ['ask', 'chat']) {
      const gone = ['--thread', '0192d8a0-0000-7000-8000-000000000000', ...(command === 'ask' ? ['hello'] : [])];
      expect(await place.nexus([command, ...gone])).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('There is no such thread') });
    }
  });

  it('shows usage, keys and providers', async () => {
    expect((await place.nexus(['usage'])).stdout).toMatch(/demo +demo .*\$0\.000000\n[^]*total .*\$0\.000000\n/);
    expect((await place.nexus(['usage'])).stderr).toContain('budget "development": $0.000000 of $1.000000 spent this day');
    const { stdout: secret } = await place.nexus(['keys', 'create', 'reporting', '--client', 'acme']);
    const env = { NEXUS_API_KEY: secret.trim() };
    expect((await place.nexus(['ask', 'hello'], { env })).code).toBe(0);
    expect((await place.nexus(['keys', 'list'], { env }))).toMatchObject({ code: 1, stderr: expect.stringContaining('admin key') });
    const { keys } = JSON.parse((await place.nexus(['keys', 'list', '--json'])).stdout) as { keys: { id: string; name: string }[] };
    expect((await place.nexus(['keys', 'create', 'bot', '--surface', 'telegram'])).code).toBe(0);
    expect((await place.nexus(['keys', 'list'])).stdout).toMatch(/ bot +surface +nxs_\S+ +publish for telegram /);
    expect((await place.nexus(['keys', 'revoke', keys.find(({ name }) => name === 'reporting')?.id ?? ''])).code).toBe(0);
    await expect.poll(async () => (await place.nexus(['ask', 'hello'], { env })).code, { timeout: 10_000 }).toBe(1);
    expect((await place.nexus(['providers', 'list'])).stdout).toMatch(/openai +needs OPENAI_API_KEY/);
    expect((await place.nexus(['providers', 'test', 'demo'])).stdout).toMatch(/^demo answers: 1 model/);
    expect((await place.nexus(['providers', 'test', 'openai']))).toMatchObject({ code: 1, stderr: expect.stringContaining('OPENAI_API_KEY') });
  });

  it('keeps what the tenant sets until it is unset, and refuses what a key cannot hold', async () => {
    expect((await place.nexus(['config', 'set', 'agent.default.model', 'demo'])).stdout).toBe('agent.default.model = "demo"\n');
    expect(JSON.parse((await place.nexus(['config', 'show', 'agent', '--json'])).stdout)).toEqual({ 'agent.default.model': 'demo' });
    expect(await place.nexus(['config', 'set', 'plan', '"golden"'])).toMatchObject({ code: 1, stderr: expect.stringContaining('plan') });
    expect(await place.nexus(['config', 'set', 'identity.surface', '[]'])).toMatchObject({ code: 0, stderr: expect.stringMatching(/goes by nothing of that name.*identity\.surfaces/s) });
    expect((await place.nexus(['config', 'unset', 'agent.default.model'])).code).toBe(0);
    expect(await place.nexus(['config', 'show', 'agent'])).toMatchObject({ code: 1, stderr: expect.stringContaining('agent is not set') });
  });

  it('is found well by the doctor, whose every warning says what to do', async () => {
    const { code, stdout } = await place.nexus(['doctor', '--json']);
    const { findings } = JSON.parse(stdout) as { findings: { subject: string; verdict: string; says: string; advice: string | null }[] };
    expect(findings.filter(({ verdict }) => verdict === 'failure')).toEqual([]);
    expect(code).toBe(0);
    const says = (subject: string) => findings.filter((finding) => finding.subject === subject).map((finding) => finding.says);
    expect(says('services')).toEqual([expect.stringContaining('gateway is ready')]);
    expect(says('tenant isolation')).toEqual(['row-level security is forced on every table of 5 schemas']);
    expect(says('postgres')).toContain('commits are on disk before they are answered');
    expect(says('redis')).toContainEqual(expect.stringContaining(hasRedis ? 'append-only file' : 'in-memory twin'));
    if (hasRedis) expect(says('redis')).toContainEqual(expect.stringMatching(/MB of 1024 MB used/));
    expect(says('providers')).toContainEqual(expect.stringMatching(/^demo answers/));
    expect(findings.filter(({ verdict, advice }) => (verdict === 'ok') !== (advice === null))).toEqual([]);
  });

  it('knows people by the accounts that their codes link, until they are removed', async () => {
    expect((await place.nexus(['people', 'list'])).stdout).toContain('There is nobody');
    expect((await place.nexus(['people', 'add', 'Zoë Müller'])).stdout).toMatch(/^Added: Zoë Müller \([0-9a-f-]{36}\)\n$/);
    expect(await place.nexus(['people', 'add', 'Zoë Müller'])).toMatchObject({ code: 1, stderr: expect.stringContaining('already') });
    const { stdout: code, stderr: how } = await place.nexus(['people', 'code', 'Zoë Müller', '--surface', 'telegram']);
    expect(code).toMatch(/^[A-HJ-NP-Z2-9]{8}\n$/);
    expect(how).toContain(`/link ${code.trim()}`);
    expect((await place.nexus(['people', 'list'])).stdout).toMatch(/ Zoë Müller +- +no account/);
    expect((await place.nexus(['people', 'chats'])).stdout).toContain('No group has an owner');
    expect(await place.nexus(['people', 'unlink', 'telegram', '77'])).toMatchObject({ code: 1, stderr: expect.stringContaining('linked to nobody') });
    expect(await place.nexus(['people', 'release', 'telegram', '--', '-100'])).toMatchObject({ code: 1, stderr: expect.stringContaining('no owner') });
    expect((await place.nexus(['people', 'remove', 'Zoë Müller'])).stdout).toBe('Removed: Zoë Müller\n');
    expect(JSON.parse((await place.nexus(['people', 'list', '--json'])).stdout)).toEqual({ people: [] });
  });

  it('lets messages be published and watched by hand, where there is Redis', async () => {
    const publish = (json: string) => place.nexus(['channels', 'publish', 'requests.incoming', '--id', 'by-hand', '--json', json]);
    if (!hasRedis) {
      expect(await publish('{"text":"What is 2 + 3?"}')).toMatchObject({ code: 1, stderr: expect.stringContaining('in-memory twin') });
      return;
    }
    expect(await publish('{"texts":"?"}')).toMatchObject({ code: 1, stderr: expect.stringContaining('texts') });
    expect(await publish('{"text":"What is 2 + 3?","surface":"cli"}')).toMatchObject({ code: 0, stdout: 'by-hand\n' });
    await expect.poll(async () => (await place.nexus(['channels', 'tail', 'requests.processed', '--last', '1', '--no-follow', '--json'])).stdout, { timeout: 10_000 }).toContain('2 + 3 is 5');
    const tailed = await place.nexus(['channels', 'tail', 'requests.incoming', '--last', '1', '--no-follow']);
    expect(tailed.stdout).toContain('authorization=(secret)');
    expect(tailed.stdout).not.toContain('nxs_');
  });

  it('sets aside what it cannot read, and lists it', async () => {
    expect((await place.nexus(['dead-letters', 'list'])).code).toBe(0);
    const redisUrl = /redis:\/\/127\.0\.0\.1:\d+/.exec(nexus.output())?.[0];
    if (redisUrl === undefined) return;
    const { Redis } = await import('ioredis');
    const redis = new Redis(redisUrl);
    const entryId = await redis.xadd('requests.incoming', '*', 'nonsense', 'x');
    redis.disconnect();
    await expect.poll(async () => (await place.nexus(['dead-letters', 'list'])).stdout, { timeout: 10_000 }).toContain('[malformed_envelope]');
    expect(await place.nexus(['runs', 'show', entryId ?? ''])).toMatchObject({ code: 1, stderr: expect.stringContaining('among the dead letters') });
    expect(await place.nexus(['runs', 'show', 'never-published'])).toMatchObject({ code: 1, stderr: expect.stringContaining('it was never published') });
  });

  it('refuses to start a second time on the same folder, and on a port that is taken', async () => {
    expect(await place.nexus(['up'])).toMatchObject({ code: 1, stderr: expect.stringContaining(`NEXUS runs already: http://127.0.0.1:${place.port}`) });
    const other = await createPlace({ NEXUS_PORT: String(place.port) });
    expect(await other.nexus(['up'])).toMatchObject({ code: 1, stderr: expect.stringMatching(/another NEXUS.*NEXUS_PORT=/) });
    other.remove();
  });

  it('ends within 5 s of Ctrl-C and leaves no process behind', async () => {
    expect(await endsCleanly(nexus, ['SIGINT'])).toBe('exited with code 0');
    expect(await place.nexus(['ask', 'hello'])).toMatchObject({ code: 1, stderr: expect.stringContaining('npm start') });
  });

  it('is ready soon the second time and has kept its data', async () => {
    const started = performance.now();
    await nexus.restart();
    expect(performance.now() - started).toBeLessThan(15_000); // 2 s where nothing else runs
    expect((await place.nexus(['runs', 'show', runId])).stdout).toContain('tool math_solver says: 42');
    expect((await place.nexus(['ask', '--thread', threadId, 'What did I ask before?'])).stdout).toContain('What did I ask before?');
    expect(await endsCleanly(nexus, ['SIGTERM'])).toBe('exited with code 0');
  });

  it('leaves nothing behind when Ctrl-C is pressed twice', async () => {
    await nexus.restart();
    await endsCleanly(nexus, ['SIGINT', 'SIGINT']);
  });
});
