import { create } from '@bufbuild/protobuf';
import { DeliverySchema, DeliveryState, WebhookSchema } from '@nexus/contracts';
import { expect, it } from 'vitest';
import { deliveryTable } from './delivery-table.js';
import { webhookTable } from './webhook-table.js';

const at = 1_795_162_814_000n;

it('lists webhooks with what they are told, and why one is off', () => {
  const [, all, some] = webhookTable([
    create(WebhookSchema, { id: '1', name: 'all', url: 'https://example.com/a', enabled: true, createdAt: at }),
    create(WebhookSchema, { id: '2', name: 'some', url: `https://example.com/${'x'.repeat(100)}`, types: ['run.finished', 'budget.reached'], disabledReason: 'Nothing could be delivered for five days.', createdAt: at }),
  ]);
  expect(all).toMatch(/^all +https:\/\/example\.com\/a +everything +on +2026-11-20 08:20:14 +1$/);
  expect(some).toMatch(/^some +https:\/\/example\.com\/x+\.\.\. +run\.finished, budget\.reached +off: Nothing could be delivered for five days\. +/);
  expect(webhookTable([])).toEqual(['There is no webhook: nobody outside is told anything.']);
});

it('says of each delivery what came of it', () => {
  const common = { id: 'd', webhookName: 'billing', type: 'run.finished', createdAt: at, tries: 2 };
  const [, delivered, failed, next, fresh] = deliveryTable([
    create(DeliverySchema, { ...common, state: DeliveryState.DELIVERED, lastStatus: 204, finishedAt: at }),
    create(DeliverySchema, { ...common, state: DeliveryState.FAILED, lastError: 'answered 500' }),
    create(DeliverySchema, { ...common, state: DeliveryState.PENDING, lastError: 'no answer within 10 s', nextTryAt: at + 300_000n }),
    create(DeliverySchema, { ...common, state: DeliveryState.PENDING, tries: 0 }),
  ]);
  expect(delivered).toMatch(/^d +billing +run\.finished +2026-11-20 08:20:14 +2 +delivered 2026-11-20 08:20:14, answered 204$/);
  expect(failed).toMatch(/failed: answered 500$/);
  expect(next).toMatch(/next try 2026-11-20 08:25:14: no answer within 10 s$/);
  expect(fresh).toMatch(/ 0 +waits$/);
  expect(deliveryTable([])).toEqual(['There is no such delivery.']);
});
