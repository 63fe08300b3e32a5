import { DeliveryState, type Delivery } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { fromConnectError } from '@nexus/runtime';
import { postgresTest } from '@nexus/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DEVELOPMENT_TENANT_ID as TENANT, DEV_SECRET, SERVICE_TOKEN, startSettings, type SettingsUnderTest } from './settings-test.js';
import { WebhookReceiver, raised, verified } from './webhook-receiver.js';

const postgres = postgresTest();
const HOUR_MS = 3_600_000;
/** What the services of this file take for the time. */
const clock = { at: Date.now(), now: () => clock.at };
let service: SettingsUnderTest;
let receiver: WebhookReceiver;

beforeAll(async () => {
  receiver = await WebhookReceiver.start();
  service = await startSettings(postgres.url, { clock, environment: { NEXUS_WEBHOOKS_ALLOW_PRIVATE: 'true', NEXUS_WEBHOOKS_TIMEOUT_MS: '300' } });
});
afterEach(() => {
  receiver.answer = () => 204;
});
afterAll(async () => {
  await service.stop();
  await receiver.close();
});

const webhooks = () => service.webhooks(DEV_SECRET);
const errorOf = (call: Promise<unknown>) => call.then(() => undefined, (error: unknown) => fromConnectError(error));
const stateOf = async (webhook: string) => (await webhooks().listWebhooks({})).webhooks.find(({ id }) => id === webhook);
async function made() {
  const path = `/hook-${newId()}`;
  const { webhook, secret } = await webhooks().createWebhook({ name: path.slice(1), url: `${receiver.url}${path}` });
  return { path, secret, id: webhook?.id ?? '' };
}
async function only(webhook: string): Promise<Delivery> {
  const { deliveries } = await webhooks().listDeliveries({ webhook });
  expect(deliveries).toHaveLength(1);
  return deliveries[0] as Delivery;
}
/** Whether a try is under way: its clock must not be moved. */
async function isBeingTried(webhook: string): Promise<boolean> {
  const held = await service.database.withTenant(TENANT, (tx) => tx.query('held', 'SELECT id FROM settings.webhook_delivery WHERE webhook_id = $1 AND holder IS NOT NULL', [webhook]));
  return held.length > 0;
}

/** The delivery after so many tries. */
async function tried(webhook: string, tries: number): Promise<Delivery> {
  await expect.poll(async () => [(await only(webhook)).tries, await isBeingTried(webhook)], { timeout: 10_000 }).toEqual([tries, false]);
  return only(webhook);
}

describe('a delivery that fails', () => {
  it('is tried again when its time has come, ten times in all, the same bytes signed anew, and then has failed', { timeout: 60_000 }, async () => {
    receiver.answer = () => 500;
    const { id, path, secret } = await made();
    const event = raised(TENANT);
    const began = clock.at;
    await service.bus.publish(event);
    for (let tries = 1; tries <= 9; tries++) {
      const delivery = await tried(id, tries);
      expect(delivery).toMatchObject({ state: DeliveryState.PENDING, lastStatus: 500, lastError: 'answered 500', finishedAt: 0n });
      expect(receiver.idsTo(path)).toHaveLength(tries);
      clock.at = Number(delivery.nextTryAt);
    }
    expect(await tried(id, 10)).toMatchObject({ state: DeliveryState.FAILED, nextTryAt: 0n });
    expect(clock.at - began).toBeGreaterThan(75 * HOUR_MS);
    expect(clock.at - began).toBeLessThan(92 * HOUR_MS);
    const posts = receiver.posts.filter((post) => post.path === path);
    expect(new Set(posts.map((post) => `${post.id} ${post.body}`)).size).toBe(1);
    expect(new Set(posts.map(({ headers }) => headers['webhook-signature'])).size).toBe(10);

    receiver.answer = () => 204;
    clock.at = Date.now();
    expect(await webhooks().replayDeliveries({ deliveryId: (await only(id)).id })).toMatchObject({ count: 1 });
    await expect.poll(() => only(id)).toMatchObject({ state: DeliveryState.DELIVERED, tries: 1, lastStatus: 204, lastError: '' });
    expect(verified(receiver.posts.findLast((post) => post.path === path), secret)).toMatchObject({ id: event.id });
    await webhooks().deleteWebhook({ webhook: id });
  });

  it('has failed by a receiver that does not answer in time, and by one that is not there', async () => {
    receiver.answer = () => undefined;
    const { id } = await made();
    await service.bus.publish(raised(TENANT));
    expect(await tried(id, 1)).toMatchObject({ lastStatus: 0, lastError: 'no answer within 0.3 s' });
    await webhooks().deleteWebhook({ webhook: id });
    const gone = await WebhookReceiver.start();
    await gone.close();
    const { webhook } = await webhooks().createWebhook({ name: 'gone', url: gone.url });
    await service.bus.publish(raised(TENANT));
    expect(await tried(webhook?.id ?? '', 1)).toMatchObject({ lastStatus: 0, lastError: 'no proper answer (ECONNREFUSED)' });
    await webhooks().deleteWebhook({ webhook: 'gone' });
  });

  it('is sent again with all others of its webhook that failed', async () => {
    receiver.answer = () => 503;
    const [one, other] = [await made(), await made()];
    const events = Array.from({ length: 3 }, () => raised(TENANT));
    await service.bus.publishAll(events);
    await expect.poll(() => receiver.idsTo(one.path).length + receiver.idsTo(other.path).length).toBe(6);
    for (const { id } of [one, other]) {
      await webhooks().setWebhookState({ webhook: id, enabled: false });
      expect((await webhooks().listDeliveries({ webhook: id, state: DeliveryState.FAILED })).deliveries.map(({ lastError }) => lastError)).toEqual(Array(3).fill('the webhook was switched off'));
    }
    expect(await errorOf(webhooks().replayDeliveries({ webhook: one.id }))).toMatchObject({ code: 'webhook_disabled', status: 409 });
    await webhooks().setWebhookState({ webhook: one.id, enabled: true });
    receiver.answer = () => 200;
    expect(await webhooks().replayDeliveries({ webhook: one.id })).toMatchObject({ count: 3 });
    await expect.poll(async () => (await webhooks().listDeliveries({ webhook: one.id, state: DeliveryState.DELIVERED })).deliveries).toHaveLength(3);
    expect(receiver.idsTo(one.path).slice(3).sort()).toEqual(events.map((event) => event.id).sort());
    expect(receiver.idsTo(other.path)).toHaveLength(3);
    expect(await webhooks().replayDeliveries({ webhook: one.id })).toMatchObject({ count: 0 });
    for (const { id } of [one, other]) await webhooks().deleteWebhook({ webhook: id });
  });
});

describe('a webhook is switched off', () => {
  it('by a receiver that answers 410, and all that waits for it has failed', async () => {
    const { id, path } = await made();
    receiver.answer = () => 500;
    await service.bus.publish(raised(TENANT));
    await tried(id, 1);
    receiver.answer = () => 410;
    await service.bus.publish(raised(TENANT));
    await expect.poll(() => stateOf(id)).toMatchObject({ enabled: false, disabledReason: 'The receiver answered 410: it wants no more.' });
    expect((await webhooks().listDeliveries({ webhook: id })).deliveries.map(({ state }) => state)).toEqual([DeliveryState.FAILED, DeliveryState.FAILED]);
    const count = receiver.idsTo(path).length;
    await service.bus.publish(raised(TENANT));
    await expect.poll(async () => (await service.directory(SERVICE_TOKEN, TENANT).getTenantSettings({})).wantedEvents).toEqual([]);
    expect(receiver.idsTo(path)).toHaveLength(count);
    const audits = await service.database.withTenant(TENANT, (tx) => tx.query('audits_of', "SELECT actor, action FROM settings.audit WHERE subject = $1 AND action = 'webhook.disabled'", [id]));
    expect(audits).toEqual([{ actor: 'system', action: 'webhook.disabled' }]);
    await webhooks().setWebhookState({ webhook: id, enabled: true });
    expect(await stateOf(id)).toMatchObject({ enabled: true, disabledReason: '' });
    await webhooks().deleteWebhook({ webhook: id });
  });

  it('when nothing could be delivered for five days, not while something can', async () => {
    receiver.answer = () => 500;
    const { id } = await made();
    await service.bus.publish(raised(TENANT));
    await tried(id, 1);
    clock.at += 100 * HOUR_MS;
    receiver.answer = () => 204;
    await expect.poll(() => only(id)).toMatchObject({ state: DeliveryState.DELIVERED });
    receiver.answer = () => 500;
    await service.bus.publish(raised(TENANT));
    await expect.poll(async () => (await webhooks().listDeliveries({ webhook: id, state: DeliveryState.PENDING })).deliveries.map(({ lastStatus }) => lastStatus)).toEqual([500]);
    clock.at += 119 * HOUR_MS;
    await expect.poll(async () => [(await webhooks().listDeliveries({ webhook: id, state: DeliveryState.PENDING })).deliveries.map(({ tries }) => tries), await isBeingTried(id)]).toEqual([[2], false]);
    expect(await stateOf(id)).toMatchObject({ enabled: true });
    clock.at += 2 * HOUR_MS;
    await expect.poll(() => stateOf(id)).toMatchObject({ enabled: false, disabledReason: 'Nothing could be delivered for five days.' });
    await webhooks().deleteWebhook({ webhook: id });
  });
});

describe('an address that is not public', () => {
  it('is refused when the webhook is made, and at each try', async () => {
    const { id, path } = await made();
    const strict = await startSettings(postgres.url, { replica: 'strict' });
    const create = (url: string) => errorOf(strict.webhooks(DEV_SECRET).createWebhook({ name: 'inside', url }));
    expect(await create(receiver.url)).toMatchObject({ code: 'invalid_webhook', param: 'url' });
    for (const url of ['https://127.0.0.1/', 'https://[::1]:8443/', 'https://169.254.169.254/latest', 'https://[::ffff:10.0.0.1]/', 'https://localhost/']) {
      expect(await create(url), url).toMatchObject({ code: 'webhook_address_forbidden', status: 400, param: 'url' });
    }
    await service.stop(); // made where it was allowed, sent where it is not
    await strict.bus.publish(raised(TENANT));
    await expect.poll(async () => (await strict.webhooks(DEV_SECRET).listDeliveries({ webhook: id })).deliveries.map(({ lastError }) => lastError)).toEqual(['its address does not begin with https://']);
    expect(receiver.idsTo(path)).toEqual([]);
    await strict.database.withTenant(TENANT, (tx) => tx.query('move', "UPDATE settings.webhook SET url = replace(url, 'http:', 'https:') WHERE id = $1", [id]));
    expect(await strict.webhooks(DEV_SECRET).sendTestEvent({ webhook: id })).toMatchObject({ state: DeliveryState.FAILED, lastError: 'its host has an address that is not public (loopback)' });
    await strict.stop();
  });
});
