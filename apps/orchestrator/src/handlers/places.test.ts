import { expect, it } from 'vitest';
import type { PlaceState } from '../domain/place-state.js';
import { placeIdOf } from '../domain/run-ids.js';
import type { TenantPlace } from '../storage/place.store.js';
import { Places } from './places.js';

const chat = (chatId: string) => ({ surface: 'telegram', chatId, topicId: '' });

function stored(states: Record<string, PlaceState> = {}) {
  const queries: (readonly TenantPlace[])[] = [];
  const load = (asked: readonly TenantPlace[]) => {
    queries.push(asked);
    return Promise.resolve(asked.map(({ id }) => states[id] ?? { generation: 0, model: '' }));
  };
  return { places: new Places({ load }), queries };
}

it('asks once for all places that a batch names, and never again for those', async () => {
  const { places, queries } = stored({ [placeIdOf('t', chat('2'))]: { generation: 3, model: 'fast' } });
  expect(await Promise.all(['1', '2', '2'].map(async (id) => places.get(5, 't', chat(id))))).toEqual([{ generation: 0, model: '' }, { generation: 3, model: 'fast' }, { generation: 3, model: 'fast' }]);
  expect(queries).toHaveLength(1);
  expect(places.get(5, 't', chat('2'))).toEqual({ generation: 3, model: 'fast' });
  expect(queries).toHaveLength(1);
});

it('keeps tenants, surfaces and topics apart', async () => {
  const { places, queries } = stored();
  await places.get(1, 't', chat('1'));
  for (const [tenant, name] of [['u', chat('1')], ['t', { ...chat('1'), surface: 'discord' }], ['t', { ...chat('1'), topicId: '9' }]] as const) await places.get(1, tenant, name);
  expect(queries).toHaveLength(4);
});

it('knows what was changed under its lease, and nothing of an earlier lease', async () => {
  const { places, queries } = stored();
  places.set(1, 't', chat('1'), { generation: 1, model: '' });
  expect(places.get(1, 't', chat('1'))).toEqual({ generation: 1, model: '' });
  expect(await places.get(2, 't', chat('1'))).toEqual({ generation: 0, model: '' });
  expect(queries).toHaveLength(1);
});

it('takes nothing from a lease that is over', async () => {
  const { places } = stored();
  await places.get(2, 't', chat('1'));
  places.set(1, 't', chat('1'), { generation: 9, model: 'stale' });
  expect(places.get(2, 't', chat('1'))).toEqual({ generation: 0, model: '' });
});

it('tells of a query that failed, and asks again', async () => {
  let isAway = true;
  const places = new Places({ load: (asked) => (isAway ? Promise.reject(new Error('away')) : Promise.resolve(asked.map(() => ({ generation: 1, model: '' })))) });
  await expect(places.get(1, 't', chat('1'))).rejects.toThrow('away');
  isAway = false;
  expect(await places.get(1, 't', chat('1'))).toEqual({ generation: 1, model: '' });
});

it('keeps what was changed while an older reading was still under way', async () => {
  const answer = Promise.withResolvers<readonly PlaceState[]>();
  const places = new Places({ load: () => answer.promise });
  const early = places.get(1, 't', chat('1'));
  places.set(1, 't', chat('1'), { generation: 1, model: '' });
  answer.resolve([{ generation: 0, model: '' }]);
  expect(await early).toEqual({ generation: 1, model: '' });
  expect(places.get(1, 't', chat('1'))).toEqual({ generation: 1, model: '' });
});
