import { create, ScalarType, type DescEnum, type DescField, type DescMessage, type Message } from '@bufbuild/protobuf';
import { reflect, type ReflectMessage } from '@bufbuild/protobuf/reflect';
import type { Random } from '../faults/random.js';

const DEEPEST = 5;
const TEXTS = ['', 'text', 'Grüße aus Łódź', '日本語 and 👩‍👩‍👧', 'line\nline\ttab', '"quoted" \\ back', '\u2028', 'x'.repeat(300)];

/** A message in which about every second field is set, to values that a contract must carry: extremes, unicode, empty and nested ones. */
export function randomMessage(type: DescMessage, random: Random, depth = 0): Message {
  const target = reflect(type, create(type));
  const chosen = new Set(type.oneofs.map((oneof) => random.pick(oneof.fields)));
  for (const field of type.fields) {
    const isChosen = field.oneof === undefined || chosen.has(field);
    if (isChosen && random.chance(0.6)) fill(target, field, random, depth);
  }
  return target.message;
}

function fill(target: ReflectMessage, field: DescField, random: Random, depth: number): void {
  if (isMessage(field) && depth >= DEEPEST) return;
  if (field.fieldKind === 'list') {
    const list = target.get(field);
    for (let count = random.int(1, 3); count > 0; count--) list.add(valueOf(field, random, depth));
  } else if (field.fieldKind === 'map') {
    const map = target.get(field);
    for (let count = random.int(1, 3); count > 0; count--) map.set(scalar(field.mapKey, random), valueOf(field, random, depth));
  } else {
    target.set(field, valueOf(field, random, depth));
  }
}

const isMessage = (field: DescField): boolean => field.message !== undefined;

function valueOf(field: DescField, random: Random, depth: number): unknown {
  if (field.message !== undefined) return reflect(field.message, randomMessage(field.message, random, depth + 1));
  if (field.enum !== undefined) return enumValue(field.enum, random);
  return scalar(field.scalar, random);
}

function enumValue({ values }: DescEnum, random: Random): number {
  return random.pick(values).number;
}

function scalar(type: ScalarType, random: Random): unknown {
  switch (type) {
    case ScalarType.STRING: return random.pick(TEXTS);
    case ScalarType.BYTES: return Uint8Array.from({ length: random.int(0, 40) }, () => random.int(0, 255));
    case ScalarType.BOOL: return random.chance(0.7);
    case ScalarType.DOUBLE: return random.pick([0.1, -1.5, 1e-300, Number.MAX_VALUE, random.next()]);
    case ScalarType.FLOAT: return random.pick([0.5, -1.5, Math.fround(random.next())]);
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32: return random.pick([1, -1, 2_147_483_647, -2_147_483_648, random.int(-1_000, 1_000)]);
    case ScalarType.UINT32:
    case ScalarType.FIXED32: return random.pick([1, 4_294_967_295, random.int(0, 1_000_000)]);
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64: return random.pick([1n, -1n, 9_223_372_036_854_775_807n, -9_223_372_036_854_775_808n, BigInt(random.int(0, 1_000_000))]);
    case ScalarType.UINT64:
    case ScalarType.FIXED64: return random.pick([1n, 18_446_744_073_709_551_615n, BigInt(random.int(0, 1_000_000))]);
  }
}
