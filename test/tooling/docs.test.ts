import { execFile } from 'node:child_process';
import { appendFile, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { create, fromBinary, fromJson, toJson, type DescField, type DescMessage, type JsonObject, type Message, type ScalarType } from '@bufbuild/protobuf';
import { reflect, scalarZeroValue, type ReflectMessage } from '@bufbuild/protobuf/reflect';
import { redisBus } from '@nexus/channels';
import { channelNames, channels, metadataKeys } from '@nexus/contracts';
import { redisTest } from '@nexus/testing';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

// Generating all documents several times takes a slow machine its time.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 60_000 });

const root = fileURLToPath(new URL('../..', import.meta.url));
const redis = redisTest();
let folder: string;

function generate(...args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile('node', ['scripts/docs-gen.mjs', '--out', folder, ...args], { cwd: root }, (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr }));
  });
}

const read = (path: string) => readFile(join(folder, 'docs', path), 'utf8');
async function schemaOf(name: string): Promise<ValidateFunction> {
  return new Ajv2020({ strict: false }).compile(JSON.parse(await read(`schemas/${name}.schema.json`)) as object);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nexus-docs-'));
  expect(await generate()).toMatchObject({ code: 0 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('docs:gen --check fails for what was changed by hand, is missing, or has no source any more, and only for that', async () => {
  expect(await generate('--check')).toMatchObject({ code: 0 });
  await appendFile(join(folder, 'docs/channels.md'), 'x\n');
  await rm(join(folder, 'docs/schemas/requests.incoming.schema.json'));
  await writeFile(join(folder, 'docs/schemas/requests.gone.schema.json'), '{}\n');
  const { code, output } = await generate('--check');
  expect(code).toBe(1);
  expect(output.trim().split('\n').map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual(['docs/channels.md is not', 'docs/schemas/requests.incoming.schema.json is not', 'docs/schemas/requests.gone.schema.json has no']);
  await generate();
  expect(await generate('--check')).toMatchObject({ code: 0 });
});

it('writes one schema for each channel, and one for the envelope', async () => {
  expect((await readdir(join(folder, 'docs/schemas'))).sort()).toEqual([...channelNames, 'envelope'].map((name) => `${name}.schema.json`).sort());
});

describe.each(channelNames)('the schema of %s', (name) => {
  const message: DescMessage = channels[name].message;

  it('takes a message in which everything is set, with every choice of each oneof', async () => {
    const takes = await schemaOf(name);
    const mostChoices = Math.max(1, ...nested(message).flatMap((type) => type.oneofs.map((oneof) => oneof.fields.length)));
    for (let choice = 0; choice < mostChoices; choice++) {
      const json = toJson(message, filled(message, choice));
      expect(takes(json), JSON.stringify(takes.errors)).toBe(true);
      expect(() => fromJson(message, json)).not.toThrow();
    }
  });

  it('refuses what the channel refuses too', async () => {
    const takes = await schemaOf(name);
    const full = toJson(message, filled(message, 0)) as JsonObject;
    const [first] = message.fields;
    for (const wrong of [{ ...full, unknownField: 1 }, { ...full, [first?.jsonName ?? '']: [[]] }]) {
      expect(takes(wrong)).toBe(false);
      expect(() => fromJson(message, wrong)).toThrow();
    }
  });

  it('knows the defaults that a missing field has', async () => {
    const { properties } = JSON.parse(await read(`schemas/${name}.schema.json`)) as { properties: Record<string, { default?: unknown }> };
    const defaults = Object.fromEntries(Object.entries(properties).flatMap(([field, schema]) => (schema.default === undefined ? [] : [[field, schema.default]])));
    expect(toJson(message, create(message), { alwaysEmitImplicit: true })).toEqual(defaults);
  });
});

it('describes the envelope that is really written', async () => {
  const bus = redisBus(redis.url);
  const trace = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), sampled: true };
  await bus.publish({ channel: 'tools.execute', id: 'an id', tenantId: 'a tenant', correlationId: 'c', replyTo: 'me', trace, payload: filled(channels['tools.execute'].message, 0) as never });
  const client = new Redis(redis.url);
  const [[, fields]] = (await client.xrangeBuffer('tools.execute', '-', '+')) as [[Buffer, Buffer[]]];
  client.disconnect();
  await bus.close();
  const entry = Object.fromEntries(fields.flatMap((field, i) => (i % 2 === 0 ? [[field.toString(), fields[i + 1]?.toString('latin1')]] : [])));

  const envelope = JSON.parse(await read('schemas/envelope.schema.json')) as { properties: { metadata: { contentSchema: object } } };
  expect(Object.keys(entry)).toEqual(Object.keys(envelope.properties));
  const takes = await schemaOf('envelope');
  expect(takes(entry), JSON.stringify(takes.errors)).toBe(true);
  const metadata = JSON.parse(entry['metadata'] ?? '') as Record<string, string>;
  expect(new Ajv2020().compile({ ...envelope.properties.metadata.contentSchema, additionalProperties: false })(metadata)).toBe(true);
  expect(Object.keys(metadata).sort()).toEqual([metadataKeys.replyTo, metadataKeys.tenant, metadataKeys.traceparent]);
  expect(() => fromBinary(channels['tools.execute'].message, fields[fields.findIndex((field) => field.toString() === 'payload') + 1] as Buffer)).not.toThrow();
});

describe('docs/channels.md', () => {
  it('tells of every channel, every field and every key of the metadata', async () => {
    const page = await read('channels.md');
    for (const name of channelNames) {
      expect(page).toContain(`### ${name}\n`);
      for (const type of nested(channels[name].message)) {
        expect(page).toContain(`### ${type.typeName}\n`);
        for (const field of type.fields) expect(page).toContain(`| \`${field.jsonName}\` |`);
      }
    }
    for (const key of Object.values(metadataKeys)) expect(page).toContain(`| \`${key}\` |`);
  });

  it('has no link to a heading that is not there', async () => {
    const page = await read('channels.md');
    const anchors = new Set([...page.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading?.toLowerCase().replaceAll(/[^\w -]/g, '').replaceAll(' ', '-')));
    for (const [, target] of page.matchAll(/\]\(#([^)]+)\)/g)) expect(anchors).toContain(target);
  });
});

it('lists error codes that are written down, made by a helper, and named by a type', async () => {
  const page = await read('errors.md');
  for (const line of ['| `unknown_tool` | 404 | no |', '| `missing_required_parameter` | 400 |', '| `rate_limited` | 429, varies |']) expect(page).toContain(line);
});

/** The messages that a message leads to, itself first. */
function nested(message: DescMessage, seen = new Set<DescMessage>()): DescMessage[] {
  if (seen.has(message)) return [];
  seen.add(message);
  return [message, ...message.fields.flatMap((field) => (field.message ? nested(field.message, seen) : []))];
}

/** A message in which every field is set; of each oneof the field of this number. */
function filled(message: DescMessage, choice: number): Message {
  const target = reflect(message);
  for (const field of message.fields) {
    const siblings = field.oneof?.fields;
    if (siblings === undefined || siblings[choice % siblings.length] === field) fill(target, field, choice);
  }
  return target.message;
}

function fill(target: ReflectMessage, field: DescField, choice: number): void {
  if (field.fieldKind === 'list') target.get(field).add(valueOf(field, field.listKind, choice));
  else if (field.fieldKind === 'map') target.get(field).set('key', valueOf(field, field.mapKind, choice));
  else target.set(field, valueOf(field, field.fieldKind, choice));
}

const SCALARS: Readonly<Record<string, unknown>> = { string: 'text', boolean: true, number: 7, bigint: 7n };

function valueOf(field: DescField, kind: 'message' | 'enum' | 'scalar', choice: number): unknown {
  if (kind === 'message') return reflect(field.message as DescMessage, filled(field.message as DescMessage, choice));
  if (kind === 'enum') return field.enum?.values.at(-1)?.number;
  const zero: unknown = scalarZeroValue(field.scalar as ScalarType, false);
  return zero instanceof Uint8Array ? new Uint8Array([1, 2, 255]) : SCALARS[typeof zero];
}
