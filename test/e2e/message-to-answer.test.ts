import { fromBinary } from '@bufbuild/protobuf';
import { Outcome, ProcessedRequestSchema, type ProcessedRequest } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '@nexus/testing';
import { ByHand } from './by-hand.js';
import { apiKey, call, startNexusApart, type AppName, type Nexus } from './nexus-apart.js';

const QUESTION = 'What is 17.5% of 1,280, and what time is it in Tokyo?';

describe('from a message to an answer, every service its own process', () => {
  let nexus: Nexus;
  let hand: ByHand;
  let database: Client;

  beforeAll(async () => {
    nexus = await startNexusApart();
    hand = new ByHand(nexus.redisUrl);
    database = new Client({ connectionString: nexus.databaseUrl });
    await database.connect();
  }, 90_000);
  afterAll(async () => {
    hand?.close();
    await database?.end();
    await nexus?.stop();
  });

  const decode = (payload: Buffer): ProcessedRequest => fromBinary(ProcessedRequestSchema, payload);
  const question = (text: string, more: object = {}) => ({ text, surface: 'telegram', chatId: newId(), ...more });

  it('BUS-1 RUN-1 answers an XADD by hand after model, two tools in one step, model', async () => {
    const id = newId();
    await hand.ask(id, question(QUESTION), { token: apiKey });
    const answer = decode((await hand.answer(id)).payload);
    expect(answer).toMatchObject({ messageId: id, outcome: Outcome.ANSWERED, surface: 'telegram' });
    expect(answer.text).toContain('224');
    expect(answer.usage).toMatchObject({ modelCalls: 2, toolCalls: 2, steps: 2 });
    const { run, events } = await call(nexus.urls.orchestrator, 'nexus.run.v1.ThreadService/GetRun', { correlationId: id });
    expect(run).toMatchObject({ status: 'RUN_STATUS_SUCCEEDED', messageId: id });
    expect((events as { kind: string }[]).map((event) => event.kind)).toEqual(['accepted', 'model_answered', 'tool_finished', 'tool_finished', 'model_answered']);
    await waitFor(async () => (await ledgerRows(answer.runId)) === 2, { timeoutMs: 5_000 });
  });

  it('BUS-1 answers the same id published twice once', async () => {
    const id = newId();
    const body = question('What is 2 + 3?');
    await hand.ask(id, body, { token: apiKey });
    await hand.ask(id, body, { token: apiKey });
    await hand.answer(id);
    await hand.ask(id, body, { token: apiKey });
    await hand.ask(`${id} after`, question('What is 2 + 4?'), { token: apiKey });
    await hand.answer(`${id} after`);
    expect(await hand.answers(id)).toHaveLength(1);
  });

  it.each([
    ['without a token', undefined, 'unauthenticated'],
    ['with a token that is none', 'nxs_nobody_knows_this_one_000', 'unauthenticated'],
  ])('BUS-4 refuses a message %s with a typed answer', async (_name, token, code) => {
    const id = newId();
    await hand.ask(id, question('hello'), { token });
    const answer = decode((await hand.answer(id)).payload);
    expect(answer).toMatchObject({ outcome: Outcome.REFUSED, error: { code } });
  });

  it('BUS-2 sets a malformed entry aside as a dead letter, and answers the next message', async () => {
    const id = newId();
    await hand.publishRaw('requests.incoming', 'id', `${id} bad`, 'payload', Buffer.from([0xff, 0x00, 0xff]), 'metadata', '{}');
    await hand.publishRaw('requests.incoming', 'nonsense', 'x');
    await hand.ask(id, question('What is 6 * 7?'), { token: apiKey });
    expect(decode((await hand.answer(id)).payload).text).toContain('42');
    const { deadLetters } = await call(nexus.urls.orchestrator, 'nexus.common.v1.DeadLetterService/ListDeadLetters', { channel: 'requests.incoming' }, 'system');
    expect((deadLetters as { reasonCode: string }[]).map((letter) => letter.reasonCode).toSorted()).toEqual(['malformed_envelope', 'malformed_payload']);
  });

  it('BUS-5 replays a dead letter as it was once its cause is gone, and answers it once', async () => {
    const letters = (method: string, body: object = {}) => call(nexus.urls.gateway, `nexus.common.v1.DeadLetterService/${method}`, body);
    const id = newId();
    await database.query(`ALTER TABLE orchestrator.run ADD CONSTRAINT poison CHECK (message_id <> '${id}') NOT VALID`);
    await hand.ask(id, question('What is 40 + 2?'), { token: apiKey });
    const found = async () => ((await letters('ListDeadLetters', { about: id })).deadLetters ?? []) as { id: string }[];
    await waitFor(async () => (await found()).length === 1, { timeoutMs: 15_000 });
    const shown = JSON.stringify(await letters('GetDeadLetter', { id: (await found())[0]?.id }));
    expect(shown).toContain('What is 40 + 2?');
    expect(shown).not.toContain(apiKey);

    await database.query('ALTER TABLE orchestrator.run DROP CONSTRAINT poison');
    const selection = { ids: (await found()).map((letter) => letter.id) };
    expect(await letters('ReplayDeadLetters', { selection })).toMatchObject({ selected: 1, replayed: 1 });
    const texts = async () => (await hand.answers(id)).map((answer) => decode(answer.payload)).filter((answer) => answer.outcome === Outcome.ANSWERED).map((answer) => answer.text);
    await waitFor(async () => (await texts()).length > 0, { timeoutMs: 15_000 });
    // Another one is answered after whatever else would be said of it.
    const after = newId();
    await hand.ask(after, question('hello'), { token: apiKey });
    await hand.answer(after);
    expect(await texts()).toEqual([expect.stringContaining('42')]);
    expect(await found()).toEqual([]);
    await waitFor(async () => (await (await fetch(`${nexus.urls.orchestrator}/metrics`)).text()).includes('nexus_dead_letters{service="orchestrator",channel="requests.incoming"}'), { timeoutMs: 20_000 });
  });

  it('answers the questions of one chat in the order in which they were asked', async () => {
    const chatId = newId();
    const ids = Array.from({ length: 5 }, (_, i) => `${chatId} ${i}`);
    for (const [i, id] of ids.entries()) await hand.ask(id, { ...question(`What is ${i} + 100?`), chatId }, { token: apiKey });
    const answers = await Promise.all(ids.map(async (id) => decode((await hand.answer(id)).payload)));
    expect(new Set(answers.map((answer) => answer.threadId)).size).toBe(1);
    const { rows } = await database.query<{ message_id: string }>('SELECT message_id FROM orchestrator.run WHERE thread_id = $1 ORDER BY finished_at', [answers[0]?.threadId]);
    expect(rows.map((row) => row.message_id)).toEqual(ids);
  });

  it.each<AppName>(['orchestrator', 'provider-router', 'tool-executor', 'usage', 'settings', 'gateway'])(
    'BUS-1 USE-1 finishes a run with one answer and no second ledger row when %s is killed in its midst',
    async (app) => {
      const ids = Array.from({ length: 3 }, () => newId());
      for (const id of ids) await hand.ask(id, question(QUESTION, { model: 'demo;delay=400' }), { token: apiKey });
      await waitFor(async () => (await modelCallsUnderWay(ids)) > 0, { timeoutMs: 15_000 });
      await nexus.services[app].kill('SIGKILL');
      await nexus.services[app].restart();
      await nexus.ready(app);
      for (const id of ids) {
        const answer = decode((await hand.answer(id, 45_000)).payload);
        expect(answer.outcome).toBe(Outcome.ANSWERED);
        expect(answer.text).toContain('224');
        await expect.poll(() => stepsPaid(answer.runId), { timeout: 10_000 }).toEqual([1, 2]);
      }
      for (const id of ids) expect(await hand.answers(id)).toHaveLength(1);
    },
    90_000,
  );

  /** Of model calls; those of tools cost nothing. */
  async function ledgerRows(runId: string): Promise<number> {
    const { rows } = await database.query<{ count: string }>(`SELECT count(*) FROM usage.ledger WHERE run_id = $1 AND tool = ''`, [runId]);
    return Number(rows[0]?.count);
  }

  /** The steps of the model calls that succeeded, one entry a ledger row. */
  async function stepsPaid(runId: string): Promise<number[]> {
    const { rows } = await database.query<{ step: number }>(
      `SELECT attempt.step FROM usage.ledger JOIN usage.attempt ON attempt.tenant_id = ledger.tenant_id AND attempt.id = ledger.attempt_id
       WHERE ledger.run_id = $1 AND ledger.tool = '' AND ledger.result = 'succeeded' ORDER BY attempt.step`, [runId]);
    return rows.map(({ step }) => step);
  }

  /** Runs whose first model call has been opened and not settled. */
  async function modelCallsUnderWay(messageIds: readonly string[]): Promise<number> {
    const { rows } = await database.query<{ count: string }>(
      `SELECT count(*) FROM orchestrator.run JOIN usage.attempt ON attempt.run_id = run.id WHERE run.message_id = ANY($1) AND attempt.state = 'open'`, [messageIds]);
    return Number(rows[0]?.count);
  }
});
