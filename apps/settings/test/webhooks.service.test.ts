import { DeliveryState, KeyKind, SettingsChanged_Kind } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { fromConnectError } from '@nexus/runtime';
import { postgresTest } from '@nexus/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEVELOPMENT_TENANT_ID as TENANT, DEV_SECRET, SERVICE_TOKEN, startSettings, type SettingsUnderTest } from './settings-test.js';
import { WebhookReceiver, raised, verified } from './webhook-receiver.js';

const postgres = postgresTest();
const log: string[] = [];
let service: SettingsUnderTest;
let receiver: WebhookReceiver;

beforeAll(async () => {
  receiver = await WebhookReceiver.start();
  service = await startSettings(postgres.url, { environment: { NEXUS_WEBHOOKS_ALLOW_PRIVATE: 'true', NEXUS_WEBHOOKS_TIMEOUT_MS: '300' }, logTo: { write: (line) => void log.push(line) } });
});
afterAll(async () => {
  await service.stop();
  await receiver.close();
});

const webhooks = () => service.webhooks(DEV_SECRET);
const errorOf = (call: Promise<unknown>) => call.then(() => undefined, (error: unknown) => fromConnectError(error));
const wanted = async () => (await service.directory(SERVICE_TOKEN, TENANT).getTenantSettings({})).wantedEvents;
const deliveriesOf = async (webhook: string) => (await webhooks().listDeliveries({ webhook })).deliveries;
/** A webhook of its own path. */
async function made(types: string[] = [], path = `/hook-${newId()}`) {
  const { webhook, secret } = await webhooks().createWebhook({ name: path.slice(1), url: `${receiver.url}${path}`, types });
  return { path, secret, id: webhook?.id ?? '', name: webhook?.name ?? '' };
}

describe('a webhook', () => {
  it('is made with a secret that is shown once, and stands nowhere else that can be asked, read or logged', async () => {
    const { webhook, secret } = await webhooks().createWebhook({ name: 'first', url: `${receiver.url}/first?token=hush-hush`, types: ['run.finished'] });
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(webhook).toMatchObject({ name: 'first', types: ['run.finished'], enabled: true, disabledReason: '' });
    await service.bus.publish(raised(TENANT));
    await expect.poll(() => receiver.idsTo('/first?token=hush-hush')).toHaveLength(1);
    const answers = await Promise.all([webhooks().listWebhooks({}), webhooks().listDeliveries({}), webhooks().setWebhookState({ webhook: 'first', enabled: false }), service.settings(DEV_SECRET).getConfig({})]);
    const audits = await service.database.withTenant(TENANT, (tx) => tx.query('audits', 'SELECT * FROM settings.audit'));
    const shown = JSON.stringify([answers, audits, log], (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
    expect(shown).toContain('first');
    expect(shown).not.toContain(secret.slice('whsec_'.length));
    expect(JSON.stringify([audits, log])).not.toContain('hush-hush');
  });

  it('is made once under an idempotency key, and its name is taken for others', async () => {
    const wish = { name: 'once', url: `${receiver.url}/once`, types: ['provider.limited'] };
    const keyed = { headers: { 'idempotency-key': 'make-once' } };
    const first = await webhooks().createWebhook(wish, keyed);
    expect(await webhooks().createWebhook(wish, keyed)).toEqual(first);
    expect(await errorOf(webhooks().createWebhook(wish))).toMatchObject({ code: 'name_taken', status: 409, param: 'name' });
    expect((await webhooks().listWebhooks({})).webhooks.filter(({ name }) => name === 'once')).toHaveLength(1);
    await webhooks().deleteWebhook({ webhook: 'once' });
  });

  it('is refused with what is wrong with it', async () => {
    expect(await errorOf(webhooks().setWebhookState({ webhook: 'a\u0000', enabled: true }))).toMatchObject({ code: 'webhook_not_found', status: 404 });
    expect(await errorOf(webhooks().createWebhook({ name: 'x', url: 'ftp://example.com/' }))).toMatchObject({ code: 'invalid_webhook', param: 'url' });
    expect(await errorOf(webhooks().createWebhook({ name: 'x', url: receiver.url, types: ['run.started'] }))).toMatchObject({ code: 'invalid_webhook', param: 'types' });
    expect(await errorOf(webhooks().setWebhookState({ webhook: 'nobody', enabled: true }))).toMatchObject({ code: 'webhook_not_found', status: 404 });
    expect(await errorOf(webhooks().listDeliveries({ limit: 101 }))).toMatchObject({ code: 'invalid_value', param: 'limit' });
    expect(await errorOf(webhooks().replayDeliveries({}))).toMatchObject({ code: 'invalid_value', param: 'delivery_id' });
    expect(await errorOf(webhooks().replayDeliveries({ deliveryId: newId() }))).toMatchObject({ code: 'delivery_not_found', status: 404 });
  });

  it('is for admin keys only, and for its own tenant', async () => {
    const { secret } = await service.settings(DEV_SECRET).createKey({ name: 'plain', kind: KeyKind.API });
    const plain = service.webhooks(secret);
    for (const call of [plain.listWebhooks({}), plain.createWebhook({ name: 'x', url: receiver.url }), plain.deleteWebhook({ webhook: 'first' }), plain.listDeliveries({}), plain.replayDeliveries({ webhook: 'first' }), plain.sendTestEvent({ webhook: 'first' }), plain.setWebhookState({ webhook: 'first' })]) {
      expect(await errorOf(call)).toMatchObject({ code: 'admin_required', status: 403 });
    }
    const other = service.webhooks(SERVICE_TOKEN, newId());
    expect((await other.listWebhooks({})).webhooks).toEqual([]);
    expect((await other.listDeliveries({})).deliveries).toEqual([]);
    expect(await errorOf(other.deleteWebhook({ webhook: 'first' }))).toMatchObject({ code: 'webhook_not_found' });
    expect(await errorOf(other.createWebhook({ name: 'x', url: receiver.url }))).toMatchObject({ code: 'tenant_not_found' });
  });

  it('is one of twenty at most', async () => {
    const before = (await webhooks().listWebhooks({})).webhooks.length;
    const extra = await Promise.all(Array.from({ length: 20 - before }, () => made(['approval.asked'])));
    expect(await errorOf(made(['approval.asked']))).toMatchObject({ code: 'too_many_webhooks', status: 409 });
    await Promise.all(extra.map(({ id }) => webhooks().deleteWebhook({ webhook: id })));
  });
});

describe('an event', () => {
  it('is delivered as a signed CloudEvent to those that want it, and to nobody else', async () => {
    const [all, some, others] = [await made(), await made(['run.finished']), await made(['budget.reached'])];
    const event = raised(TENANT, { dataJson: '{"run_id":"r1","text":"schön 😀"}' });
    await service.bus.publish(event);
    await expect.poll(() => [receiver.idsTo(all.path), receiver.idsTo(some.path)]).toEqual([[event.id], [event.id]]);
    const post = receiver.posts.find(({ path }) => path === some.path);
    expect(verified(post, some.secret)).toEqual({
      specversion: '1.0', id: event.id, source: '/nexus/runs', type: 'nexus.run.finished.v1', subject: 'r1', time: '2026-11-20T16:41:14.123Z', datacontenttype: 'application/json',
      data: { run_id: 'r1', text: 'schön 😀' },
    });
    expect(() => verified(post, all.secret)).toThrow();
    await expect.poll(() => deliveriesOf(some.id)).toMatchObject([{ eventId: event.id, type: 'run.finished', state: DeliveryState.DELIVERED, tries: 1, lastStatus: 204, lastError: '', webhookName: some.name }]);
    expect(await deliveriesOf(others.id)).toEqual([]);
    for (const { id } of [all, some, others]) await webhooks().deleteWebhook({ webhook: id });
    expect(await deliveriesOf('')).not.toContainEqual(expect.objectContaining({ eventId: event.id }));
  });

  it('is delivered once, however often it is told', async () => {
    const { id, path } = await made();
    const event = raised(TENANT);
    await service.bus.publishAll([event, event, raised(newId(), { id: event.id })]);
    await expect.poll(() => receiver.idsTo(path)).toEqual([event.id]);
    await service.bus.publish(event);
    const last = raised(TENANT);
    await service.bus.publish(last);
    await expect.poll(() => receiver.idsTo(path)).toEqual([event.id, last.id]);
    await webhooks().deleteWebhook({ webhook: id });
  });

  it('is asked for by the services only while somebody wants it, and they hear of each change', async () => {
    expect(await wanted()).toEqual([]);
    const { id } = await made(['budget.reached']);
    const all = await made();
    expect(await wanted()).toEqual(['approval.asked', 'budget.reached', 'provider.limited', 'run.finished']);
    await webhooks().setWebhookState({ webhook: all.name, enabled: false });
    expect(await wanted()).toEqual(['budget.reached']);
    await webhooks().deleteWebhook({ webhook: id });
    expect(await wanted()).toEqual([]);
    await expect.poll(() => service.changes.filter(({ payload }) => payload.kind === SettingsChanged_Kind.WEBHOOK && payload.name === id)).toHaveLength(2);
    await webhooks().deleteWebhook({ webhook: all.id });
  });

  it.each([
    ['no JSON', { dataJson: 'run' }],
    ['JSON that is no object', { dataJson: '[1]' }],
    ['a type that is none', { type: 'Run Finished' }],
    ['an id that cannot stand in a header', { id: 'two words' }],
    ['too much', { dataJson: JSON.stringify({ text: 'x'.repeat(65_536) }) }],
  ])('with %s becomes a dead letter, and the next one is delivered', async (_what, more) => {
    const { id, path } = await made();
    const before = (await service.deadLetters(DEV_SECRET).listDeadLetters({ channel: 'events.raised' })).deadLetters.length;
    const good = raised(TENANT);
    await service.bus.publishAll([raised(TENANT, more), good]);
    await expect.poll(() => receiver.idsTo(path)).toEqual([good.id]);
    await expect.poll(async () => (await service.deadLetters(DEV_SECRET).listDeadLetters({ channel: 'events.raised' })).deadLetters.map(({ reasonCode }) => reasonCode)).toEqual(Array(before + 1).fill('invalid_event'));
    await webhooks().deleteWebhook({ webhook: id });
  });
});

describe('a replica that stops', () => {
  it('breaks off what it sends, and the next one sends it at once', async () => {
    const leaving = await startSettings(postgres.url, { replica: 'leaving', environment: { NEXUS_WEBHOOKS_ALLOW_PRIVATE: 'true', NEXUS_WEBHOOKS_TIMEOUT_MS: '20000' } });
    const { id, path } = await made();
    receiver.answer = (post) => (post.path === path ? undefined : 204);
    const event = raised(TENANT);
    await leaving.bus.publish(event);
    await expect.poll(() => receiver.idsTo(path)).toEqual([event.id]);
    const began = performance.now();
    await leaving.stop();
    receiver.answer = () => 204;
    await expect.poll(() => receiver.idsTo(path), { timeout: 5_000 }).toEqual([event.id, event.id]);
    expect(performance.now() - began).toBeLessThan(8_000);
    await expect.poll(() => deliveriesOf(id)).toMatchObject([{ state: DeliveryState.DELIVERED, tries: 1 }]);
    await webhooks().deleteWebhook({ webhook: id });
  });
});

describe('a test event', () => {
  it('is sent at once, also to a webhook that is switched off, and says how it went', async () => {
    const { path, secret, id, name } = await made(['approval.asked']);
    await webhooks().setWebhookState({ webhook: id, enabled: false });
    expect(await webhooks().sendTestEvent({ webhook: name })).toMatchObject({ state: DeliveryState.DELIVERED, lastStatus: 204, tries: 1, type: 'webhook.test' });
    expect(verified(receiver.posts.find((post) => post.path === path), secret)).toMatchObject({ type: 'nexus.webhook.test.v1', data: { webhook_id: id, name } });
    receiver.answer = (post) => (post.path === path ? undefined : 204);
    expect(await webhooks().sendTestEvent({ webhook: name })).toMatchObject({ state: DeliveryState.FAILED, lastStatus: 0, lastError: 'no answer within 0.3 s', nextTryAt: 0n });
    receiver.answer = () => 204;
    await webhooks().deleteWebhook({ webhook: id });
  });
});

describe('deliveries', () => {
  it('are listed newest first, by webhook and state, page by page', async () => {
    const { id, path } = await made();
    const events = Array.from({ length: 5 }, () => raised(TENANT));
    for (const event of events) await service.bus.publish(event);
    await expect.poll(() => receiver.idsTo(path)).toHaveLength(5);
    await expect.poll(async () => (await webhooks().listDeliveries({ webhook: id, state: DeliveryState.DELIVERED })).deliveries).toHaveLength(5);
    const first = await webhooks().listDeliveries({ webhook: id, limit: 3 });
    const second = await webhooks().listDeliveries({ webhook: id, limit: 3, after: first.deliveries.at(-1)?.id ?? '' });
    expect([first.hasMore, second.hasMore]).toEqual([true, false]);
    expect([...first.deliveries, ...second.deliveries].map(({ eventId }) => eventId).sort()).toEqual(events.map((event) => event.id).sort());
    const times = [...first.deliveries, ...second.deliveries].map(({ createdAt }) => Number(createdAt));
    expect(times).toEqual(times.toSorted((a, b) => b - a));
    expect((await webhooks().listDeliveries({ webhook: id, state: DeliveryState.FAILED })).deliveries).toEqual([]);
    await webhooks().deleteWebhook({ webhook: id });
  });

  it('to a slow receiver hold up nobody else, and it gets a few at a time', async () => {
    const [slow, quick] = [await made(['run.finished']), await made(['budget.reached'])];
    const waiting: ((status: number) => void)[] = [];
    receiver.answer = (post) => (post.path === slow.path ? new Promise((resolve) => waiting.push(resolve)) : 204);
    await service.bus.publishAll(Array.from({ length: 40 }, () => raised(TENANT)));
    await expect.poll(() => receiver.idsTo(slow.path).length).toBeGreaterThanOrEqual(4);
    const began = performance.now();
    const events = Array.from({ length: 40 }, () => raised(TENANT, { type: 'budget.reached' }));
    await service.bus.publishAll(events);
    await expect.poll(() => receiver.idsTo(quick.path).length, { timeout: 10_000 }).toBe(40);
    // one after another behind the slow one they would take 40 times its 0.3 s, four at a time still 3 s
    expect(performance.now() - began).toBeLessThan(3_000);
    expect(receiver.mostAtOnce.get(slow.path)).toBe(4);
    receiver.answer = () => 204;
    for (const answer of waiting) answer(204);
    for (const { id } of [slow, quick]) await webhooks().deleteWebhook({ webhook: id });
  });
});
