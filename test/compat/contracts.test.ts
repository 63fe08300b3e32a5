import { readFileSync, readdirSync } from 'node:fs';
import { createFileRegistry, equals, fromBinary, toBinary, type DescMessage, type DescMethod, type DescService } from '@bufbuild/protobuf';
import { FieldDescriptorProto_Type, FileDescriptorSetSchema, type FieldDescriptorProto } from '@bufbuild/protobuf/wkt';
import { decodeEnvelope } from '@nexus/channels';
import { channels, type ChannelName } from '@nexus/contracts';
import { describe, expect, it } from 'vitest';
import { Random } from '../faults/random.js';
import { lostByPrevious, lostByToday } from './compare.js';
import { randomMessage } from './random-message.js';
import { previousContracts, previousRelease, todaysContracts } from './releases.js';

const ROUNDS = 25;
const isOurs = ({ typeName }: { readonly typeName: string }): boolean => typeName.startsWith('nexus.');
const types = [...previousContracts].filter((type): type is DescMessage => type.kind === 'message').filter(isOurs);
const methods = [...previousContracts].filter((type): type is DescService => type.kind === 'service').filter(isOurs).flatMap((service) => service.methods);
const nameOf = (method: DescMethod): string => `${method.parent.typeName}/${method.name}`;

function todays(typeName: string): DescMessage {
  const found = todaysContracts.getMessage(typeName);
  if (found === undefined) throw new Error(`today's contracts have no message ${typeName}`);
  return found;
}

it('the previous release has something to be compared', () => {
  expect(types.length).toBeGreaterThan(50);
  expect(methods.length).toBeGreaterThan(20);
  expect(Object.keys(previousRelease.channels).length).toBeGreaterThan(10);
});

describe.each(types)('OPS-1 $typeName', (before) => {
  it('written by the previous release is understood by today, with nothing lost', () => {
    expect(lostByToday(before, todays(before.typeName))).toEqual([]);
  });

  it('written today is understood by the previous release as far as it knows it, and it hands on the rest', () => {
    expect(lostByPrevious(before, todays(before.typeName))).toEqual([]);
  });
});

describe('a contract that was broken is found, where', () => {
  const broken = [
    { what: 'a field got another number', change: (field: FieldDescriptorProto) => (field.number = 99) },
    { what: 'a field got another type', change: (field: FieldDescriptorProto) => (field.type = FieldDescriptorProto_Type.BYTES) },
    { what: 'a field got another name in JSON', change: (field: FieldDescriptorProto) => ([field.name, field.jsonName] = ['words', 'words']) },
  ];
  it.each(broken)('$what', ({ change }) => {
    const files = fromBinary(FileDescriptorSetSchema, readFileSync(new URL('previous/contracts.binpb', import.meta.url)));
    const field = files.file.flatMap((file) => file.messageType).find(({ name }) => name === 'IncomingRequest')?.field.find(({ name }) => name === 'text');
    if (field !== undefined) change(field);
    const before = createFileRegistry(files).getMessage('nexus.run.v1.IncomingRequest') as DescMessage;
    const now = todays('nexus.run.v1.IncomingRequest');
    expect(lostByToday(before, now)).not.toEqual([]);
    expect(lostByPrevious(before, now)).not.toEqual([]);
  });
});

describe.each(Object.entries(previousRelease.channels))('the channel %s', (name, typeName) => {
  it('still carries the same type, and today reads what the previous release published', () => {
    const definition = channels[name as ChannelName];
    expect(definition?.message.typeName).toBe(typeName);
    const before = previousContracts.getMessage(typeName) as DescMessage;
    for (let seed = 1; seed <= ROUNDS; seed++) {
      const payload = randomMessage(before, new Random(seed));
      const fields = ['id', `m-${seed}`, 'type', typeName, 'payload', toBinary(before, payload), 'metadata', '{"tenant":"t"}', 'timestamp', '1763640000000', 'correlation_id', 'c'];
      const read = decodeEnvelope(name as ChannelName, { id: '1-0', deliveries: 1, fields: fields.map((field) => Buffer.from(field as string)) });
      expect(equals(before, fromBinary(before, toBinary(definition.message, read.payload)), payload), `seed ${seed}`).toBe(true);
    }
  });
});

describe.each(methods.map((method) => [nameOf(method), method] as const))('the call %s', (_name, before) => {
  it('is still there, with the same request and answer', () => {
    const service = todaysContracts.getService(before.parent.typeName);
    const now = service?.methods.find(({ name }) => name === before.name);
    const shape = (method: DescMethod | undefined): unknown => method && [method.methodKind, method.input.typeName, method.output.typeName];
    expect(shape(now)).toEqual(shape(before));
  });
});

it('an entry has the fields that it had, and none more that it must have', () => {
  const schema = JSON.parse(readFileSync(new URL('../../docs/schemas/envelope.schema.json', import.meta.url), 'utf8')) as { properties: object; required: string[] };
  expect(Object.keys(schema.properties)).toEqual(expect.arrayContaining(Object.keys(previousRelease.envelope)));
  expect(schema.required.filter((field) => previousRelease.envelope[field]?.isRequired !== true)).toEqual([]);
});

it('the previous release recorded histories, which apps/orchestrator/test/histories.test.ts replays', () => {
  const recorded = readdirSync(new URL('../../apps/orchestrator/test/histories', import.meta.url)).filter((file) => file.endsWith('.jsonl.gz'));
  expect(recorded.some((file) => file.startsWith(previousRelease.version))).toBe(true);
});
