import { newId } from '@nexus/core';
import { asTenant } from '@nexus/runtime';
import { postgresTest, redisTest } from '@nexus/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KeptResponseStore } from '../src/storage/kept-response.store.js';
import { Directory, startReplica, type Replica } from './orchestrator-test.js';

const postgres = postgresTest();
const redis = redisTest();
const directory = new Directory();
let replica: Replica;
beforeAll(async () => {
  replica = await startReplica({ databaseUrl: postgres.url, redisUrl: redis.url, directory });
});
afterAll(() => replica?.stop());

const items = ['{"type":"message","id":"msg_1"}', '{"type":"function_call","arguments":"{\\"a\\":[1,2]}"}'];
const keep = (tenantId: string, id: string, kept = items) => replica.clients.responses.keepResponse({ response: { id, items: kept } }, asTenant(tenantId));
const get = async (tenantId: string, ...ids: string[]) => (await replica.clients.responses.getResponses({ ids }, asTenant(tenantId))).responses;

describe('a kept response', () => {
  it('is found by its id, as it was first kept, by its tenant alone', async () => {
    const [tenantId, id] = [directory.tenant().tenantId, newId()];
    await keep(tenantId, id);
    await keep(tenantId, id, ['{}']);
    expect(await get(tenantId, id, newId())).toMatchObject([{ id, items }]);
    expect(await get(directory.tenant().tenantId, id)).toEqual([]);
  });

  it('is forgotten after its time', async () => {
    const [tenantId, id] = [directory.tenant().tenantId, newId()];
    await keep(tenantId, id);
    const admin = new Client({ connectionString: postgres.url });
    await admin.connect();
    await admin.query('UPDATE orchestrator.kept_response SET expires_at = now() WHERE id = $1', [id]);
    await admin.end();
    expect(await get(tenantId, id)).toEqual([]);
    expect(await new KeptResponseStore(replica.database).prune()).toBe(1);
  });

  it('has a UUID for its id, and texts that Postgres can hold', async () => {
    const { tenantId } = directory.tenant();
    await expect(keep(tenantId, 'resp_1')).rejects.toMatchObject({ status: 400, param: 'response.id' });
    await expect(keep(tenantId, newId(), ['a\u0000'])).rejects.toMatchObject({ status: 400, param: 'response.items' });
    await expect(get(tenantId, 'x')).rejects.toMatchObject({ status: 400, param: 'ids' });
  });
});
