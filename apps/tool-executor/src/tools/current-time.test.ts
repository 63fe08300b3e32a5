import { describe, expect, it } from 'vitest';
import { ToolRegistry } from '../domain/tool-registry.js';
import type { ToolContext } from '../domain/tool.js';
import { compileJsonSchema } from './compile-json-schema.js';
import { currentTime } from './current-time.js';

const context = (iso: string, person: Partial<ToolContext> = {}): ToolContext => ({ signal: new AbortController().signal, now: () => Date.parse(iso), ...person });
const ask = async (args: Record<string, unknown>, at: ToolContext): Promise<Record<string, string>> => JSON.parse(await currentTime.run(args, at)) as Record<string, string>;

describe('current_time', () => {
  it('tells the time of a city with its offset, weekday and text', async () => {
    expect(await ask({ timezone: 'Tokyo' }, context('2026-11-20T16:05:09.750Z'))).toEqual({
      timezone: 'Asia/Tokyo',
      iso: '2026-11-21T01:05:09+09:00',
      weekday: 'Saturday',
      text: 'Saturday, November 21, 2026 at 1:05:09 AM GMT+9',
    });
  });

  it.each([
    ['2026-01-15T12:00:00Z', 'Europe/Berlin', '2026-01-15T13:00:00+01:00'],
    ['2026-07-15T12:00:00Z', 'Europe/Berlin', '2026-07-15T14:00:00+02:00'],
    ['2026-03-29T01:00:00Z', 'Europe/Berlin', '2026-03-29T03:00:00+02:00'],
    ['2026-01-15T00:30:00Z', 'America/New_York', '2026-01-14T19:30:00-05:00'],
    ['2026-01-15T00:00:00Z', 'Asia/Kathmandu', '2026-01-15T05:45:00+05:45'],
    ['2026-01-15T00:00:00Z', 'UTC', '2026-01-15T00:00:00+00:00'],
    ['2026-01-15T00:00:00Z', 'UTC-3', '2026-01-14T21:00:00-03:00'],
  ])('%s in %s is %s, the same instant', async (instant, timezone, iso) => {
    const answer = await ask({ timezone }, context(instant));
    expect(answer['iso']).toBe(iso);
    expect(Date.parse(iso)).toBe(Date.parse(instant));
  });

  it("takes the person's zone and locale when none is asked for", async () => {
    const answer = await ask({}, context('2026-11-20T16:05:09Z', { timezone: 'Europe/Madrid', locale: 'es-ES' }));
    expect(answer).toMatchObject({ timezone: 'Europe/Madrid', weekday: 'Friday' });
    expect(answer['text']).toContain('viernes, 20 de noviembre de 2026');
  });

  it.each<[string, Partial<ToolContext>]>([
    ['nobody knows where the person is', {}],
    ['the stored zone and locale are nonsense', { timezone: 'Nowhere', locale: '!!' }],
  ])('answers in UTC when %s', async (_, person) => {
    expect(await ask({}, context('2026-11-20T16:05:09Z', person))).toMatchObject({ timezone: 'UTC', iso: '2026-11-20T16:05:09+00:00' });
  });

  it('has a schema that the registry takes and that refuses other arguments', () => {
    const registry = new ToolRegistry(compileJsonSchema);
    registry.add(currentTime);
    expect(registry.readArguments('current_time', '')).toEqual({});
    expect(() => registry.readArguments('current_time', '{"timezone":9}')).toThrow('arguments.timezone: must be string');
    expect(() => registry.readArguments('current_time', '{"tz":"UTC"}')).toThrow('arguments.tz: is not a known argument');
  });
});
