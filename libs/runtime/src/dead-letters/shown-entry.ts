import { isUtf8 } from 'node:buffer';
import { toJsonString, type MessageShape } from '@bufbuild/protobuf';
import { decodeRaw, unpackRaw, type Message } from '@nexus/channels';
import { channels, type ChannelName } from '@nexus/contracts';
import { AppError } from '@nexus/core';

/** A field of an entry, as it may be shown. */
export interface ShownField {
  readonly name: string;
  /** Bytes where it is no UTF-8 text. */
  readonly value: string | Uint8Array;
  /** True when it is not what stood there. */
  readonly isChanged: boolean;
}

/** An entry as it may be shown, in the order of its fields. */
export interface ShownEntry {
  readonly fields: readonly ShownField[];
  /** Why it cannot be decoded; empty when it can be. */
  readonly problem: string;
}

/** Names of what proves who somebody is, wherever they stand. */
const SECRET_NAME = /authori[sz]ation|token|secret|password|credential|cookie|api[-_]?key/i;
/** A key of NEXUS, wherever it stands. */
const KEY = /\bnxs_[\w-]+/g;
const MASK = '(secret)';

/** What a dead letter's bytes hold: the payload decoded where it can be, everything else as it is, and no secret that is recognized as one. */
export function shownEntry(channel: string, raw: Buffer): ShownEntry {
  const { message, problem } = decode(channel, raw);
  const fields: ShownField[] = [];
  let pairs: readonly Buffer[];
  try {
    pairs = unpackRaw(raw);
  } catch {
    return { fields, problem }; // nobody can tell what of it is a secret
  }
  for (let i = 0; i + 1 < pairs.length; i += 2) fields.push(shownField(String(pairs[i]), pairs[i + 1] as Buffer, message));
  return { fields, problem };
}

function decode(channel: string, raw: Buffer): { readonly message: Message<ChannelName> | undefined; readonly problem: string } {
  if (!Object.hasOwn(channels, channel)) return { message: undefined, problem: `This version of NEXUS has no channel ${channel}.` };
  try {
    return { message: decodeRaw(channel as ChannelName, raw), problem: '' };
  } catch (error) {
    return { message: undefined, problem: AppError.from(error).message };
  }
}

function shownField(name: string, value: Buffer, message: Message<ChannelName> | undefined): ShownField {
  if (name === 'payload' && message !== undefined) return { name, value: withoutKeys(payloadJson(message)), isChanged: true };
  if (name === 'metadata') return shownMetadata(name, value);
  if (SECRET_NAME.test(name)) return { name, value: MASK, isChanged: true };
  if (!isUtf8(value)) return { name, value, isChanged: false };
  return maskedText(name, value.toString('utf8'));
}

function payloadJson({ channel, payload }: Message<ChannelName>): string {
  const schema = channels[channel].message;
  return toJsonString(schema, payload as MessageShape<typeof schema>);
}

function shownMetadata(name: string, value: Buffer): ShownField {
  const text = value.toString('utf8');
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = undefined;
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    return { name, value: `(${value.length} bytes that are no JSON object; they may hold a key, and are not shown)`, isChanged: true };
  }
  const entries = Object.entries(parsed);
  if (!entries.some(([key]) => SECRET_NAME.test(key))) return maskedText(name, text);
  return { name, value: withoutKeys(JSON.stringify(Object.fromEntries(entries.map(([key, each]) => [key, SECRET_NAME.test(key) ? MASK : each])))), isChanged: true };
}

function maskedText(name: string, text: string): ShownField {
  const value = withoutKeys(text);
  return { name, value, isChanged: value !== text };
}

function withoutKeys(text: string): string {
  return text.replace(KEY, `nxs_${MASK}`);
}
