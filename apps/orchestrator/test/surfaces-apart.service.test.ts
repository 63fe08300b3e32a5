import type { Subscription } from '@nexus/channels';
import { KeyKind, Outcome, type ProcessedRequest } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { postgresTest, redisTest, waitFor } from '@nexus/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Neighbours, lastLine } from './neighbours.js';
import { Directory, startReplica, type Replica } from './orchestrator-test.js';

const postgres = postgresTest();
const redis = redisTest();
const directory = new Directory();
let replica: Replica;
let world: Neighbours;
let shop: ReturnType<Directory['tenant']>;
let forum: ReturnType<Directory['tenant']>;
let heard: Map<string, readonly ProcessedRequest[]>;
let followed: readonly Subscription[];

beforeAll(async () => {
  world = await Neighbours.start(redis.url, { model: (request) => (lastLine(request) === 'U: silence' ? undefined : { text: 'a private word' }), tool: () => 'ok' });
  replica = await startReplica({ databaseUrl: postgres.url, redisUrl: redis.url, directory });
});
afterAll(async () => {
  await replica?.stop();
  await world?.stop();
});
beforeEach(async () => {
  shop = directory.tenant({ kind: KeyKind.SURFACE, surfaces: ['shop'] });
  forum = directory.key(shop.tenantId, { kind: KeyKind.SURFACE, surfaces: ['forum'] });
  heard = new Map();
  followed = [shop, forum].map(({ keyId }) => world.bus.followReplies('requests.processed', keyId, (batch) => void heard.set(keyId, [...(heard.get(keyId) ?? []), ...batch.map(({ payload }) => payload)])));
  await Promise.all(followed.map(({ ready }) => ready));
});
afterEach(async () => void (await Promise.all(followed.map((one) => one.stop()))));

const asked = (surface: string, text: string) => ({ surface, text, chatId: 'c1', sender: { id: 'ann' } });
const publish = (id: string, request: Parameters<Neighbours['ask']>[1], { secret, keyId }: typeof shop) => world.ask(id, request, secret, { replyTo: keyId });
/** What a key heard of a message first. */
const answer = ({ keyId }: typeof shop, messageId: string) => waitFor(() => heard.get(keyId)?.find((one) => one.messageId === messageId), { what: `an answer to ${messageId}` });

describe('keys of two surfaces of one tenant', () => {
  it('hear nothing of each other\'s answers, also under the same message id, which people can guess', async () => {
    const id = `shop:${newId()}`;
    await publish(id, asked('shop', 'hi'), shop);
    expect(await answer(shop, id)).toMatchObject({ outcome: Outcome.ANSWERED, text: 'a private word' });
    await publish(id, asked('forum', 'hi'), forum);
    expect(await answer(forum, id)).toMatchObject({ outcome: Outcome.REFUSED, text: '', error: { code: 'permission_denied', param: 'id' } });
  });

  it('hear nothing of each other\'s commands', async () => {
    const id = `shop:${newId()}`;
    const command = { text: '', command: { name: 'model', argument: 'fast' } };
    await publish(id, { ...asked('shop', ''), ...command }, shop);
    expect(await answer(shop, id)).toMatchObject({ outcome: Outcome.ANSWERED });
    await publish(id, { ...asked('forum', ''), ...command }, forum);
    expect(await answer(forum, id)).toMatchObject({ outcome: Outcome.REFUSED, error: { code: 'permission_denied', param: 'id' } });
  });

  it('cannot stop each other\'s runs', async () => {
    const [id, foreign] = [`shop:${newId()}`, newId()];
    await publish(id, asked('shop', 'silence'), shop);
    await waitFor(() => world.callsFor(id)[0], { what: 'a model call' });
    await publish(foreign, { surface: 'forum', cancelsMessageId: id }, forum);
    expect(await answer(forum, foreign)).toMatchObject({ outcome: Outcome.REFUSED, error: { status: 404, param: 'cancels_message_id' } });
    expect(heard.get(shop.keyId)).toBeUndefined();
    await publish(newId(), { surface: 'shop', cancelsMessageId: id }, shop);
    expect(await answer(shop, id)).toMatchObject({ outcome: Outcome.CANCELLED });
  });

  it('cannot go on in each other\'s threads or from each other\'s runs, whose ids they can reckon', async () => {
    const [first, second, third, own] = [newId(), newId(), newId(), newId()];
    await publish(first, asked('shop', 'hi'), shop);
    const { threadId, runId } = await answer(shop, first);
    await publish(second, { ...asked('forum', 'what was said?'), threadId }, forum);
    expect(await answer(forum, second)).toMatchObject({ outcome: Outcome.REFUSED, error: { code: 'thread_not_found', param: 'thread_id' } });
    await publish(third, { ...asked('forum', 'what was said?'), forkedFrom: { runId, step: 0 } }, forum);
    expect(await answer(forum, third)).toMatchObject({ outcome: Outcome.REFUSED, error: { code: 'run_not_found', param: 'run_id' } });
    await publish(own, { ...asked('shop', 'and now?'), threadId }, shop);
    expect(await answer(shop, own)).toMatchObject({ outcome: Outcome.ANSWERED, threadId });
  });

  it('cannot begin a thread under an id that may be another surface\'s, and stop nothing in its threads', async () => {
    const [begun, waiting, stop, odd] = [newId(), newId(), newId(), newId()];
    await publish(begun, { ...asked('forum', 'hi'), threadId: newId() }, forum);
    expect(await answer(forum, begun)).toMatchObject({ outcome: Outcome.REFUSED, error: { code: 'thread_not_found' } });
    await publish(waiting, asked('shop', 'silence'), shop);
    const run = await waitFor(() => world.callsFor(waiting)[0]?.run, { what: 'a model call' });
    const command = { text: '', command: { name: 'stop', argument: '' } };
    await publish(stop, { ...asked('forum', ''), ...command, threadId: run.threadId }, forum);
    expect(await answer(forum, stop)).toMatchObject({ outcome: Outcome.REFUSED, error: { code: 'thread_not_found' } });
    await publish(odd, { ...asked('forum', ''), ...command, threadId: 'no uuid' }, forum);
    expect(await answer(forum, odd)).toMatchObject({ outcome: Outcome.REFUSED, error: { code: 'invalid_request', param: 'thread_id' } });
    expect(heard.get(shop.keyId)).toBeUndefined();
  });
});
