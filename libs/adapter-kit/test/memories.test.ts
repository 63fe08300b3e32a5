import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileMemory, memoryOnly, redisMemory, type AdapterMemory } from '../src/index.js';
import { redisTest, waitFor } from '@nexus/testing';
import { afterEach, describe, expect, it } from 'vitest';

const redis = redisTest();
const folder = mkdtempSync(join(tmpdir(), 'nexus-memory-'));
const opened: AdapterMemory[] = [];
let number = 0;

afterEach(async () => {
  await Promise.all(opened.splice(0).map((memory) => memory.close()));
  rmSync(folder, { recursive: true, force: true });
});

const kinds: readonly [string, boolean, (name: string) => AdapterMemory][] = [
  ['a folder', true, (name) => fileMemory(join(folder, name))],
  ['Redis', true, (name) => redisMemory({ redisUrl: redis.url, surface: 'paper', bot: name })],
  ['the process', false, () => memoryOnly()],
];

describe.each(kinds)('a memory in %s', (_kind, isDurable, open) => {
  const again = (name: string): AdapterMemory => {
    const memory = open(name);
    opened.push(memory);
    return memory;
  };

  it('keeps, changes, lists and forgets', async () => {
    const memory = again(`m${++number}`);
    expect(memory.isDurable).toBe(isDurable);
    await memory.set('open:a b/ü:1', 'one');
    await memory.set('open:2', '{"x":"äöü 😀\\n"}');
    await memory.set('other', 'three');
    await memory.set('open:2', 'two');
    expect(await memory.get('open:2')).toBe('two');
    expect(await memory.get('open:3')).toBeUndefined();
    expect(new Map(await memory.list('open:'))).toEqual(new Map([['open:a b/ü:1', 'one'], ['open:2', 'two']]));
    await memory.delete('open:2');
    await memory.delete('open:2');
    expect(await memory.get('open:2')).toBeUndefined();
  });

  it('forgets what has an end, and does not list it', async () => {
    const memory = again(`m${++number}`);
    await memory.set('closed:1', 'x', 60_000);
    await memory.set('closed:2', 'x', 40);
    expect(await memory.get('closed:1')).toBe('x');
    expect(await memory.list('closed:')).toEqual([]);
    await waitFor(async () => (await memory.get('closed:2')) === undefined);
    await memory.set('now:1', 'lasting');
    await memory.set('now:1', 'passing', 60_000);
    expect(await memory.get('now:1')).toBe('passing');
    expect(await memory.list('now:')).toEqual([]);
  });

  it('ends in the order in which it was written', async () => {
    const memory = again(`m${++number}`);
    await Promise.all(Array.from({ length: 50 }, (_, i) => memory.set('k', `${i}`)));
    expect(await memory.get('k')).toBe('49');
  });

  it.runIf(isDurable)('is there again after the process, and apart from others', async () => {
    const name = `m${++number}`;
    await again(name).set('open:1', 'one');
    await again(name).set('closed:1', 'x', 60_000);
    const next = again(name);
    expect(await next.get('open:1')).toBe('one');
    expect(await next.get('closed:1')).toBe('x');
    expect(await again(`${name}-other`).list('')).toEqual([]);
  });
});

it('a memory in a folder passes over what is no entry of its own, and removes drafts', async () => {
  const own = join(folder, 'drafts');
  await fileMemory(own).set('a', 'one');
  const [name = ''] = readdirSync(own);
  writeFileSync(join(own, `${name}.1.0`), '{"key":"a","val');
  writeFileSync(join(own, 'README'), 'mine');
  const memory = fileMemory(own);
  expect(await memory.list('')).toEqual([['a', 'one']]);
  expect(readdirSync(own).toSorted()).toEqual([name, 'README'].toSorted());
});

it('a memory in a folder that cannot be used says so', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'nexus-memory-')), 'file');
  writeFileSync(file, '');
  expect(() => fileMemory(file)).toThrow(expect.objectContaining({ code: 'memory_unusable' }));
});
