import { fromBinary, fromJsonString, toBinary, type DescMessage } from '@bufbuild/protobuf';
import { AppError, formatTraceparent, parseTraceparent } from '@nexus/core';
import { channels, metadataKeys, type ChannelName, type MessageOf, type Metadata } from '@nexus/contracts';
import { jsonProblem } from './json-problem.js';
import type { Message, OutgoingMessage } from './message.js';
import type { RawEntry } from './stream-transport.js';

const NO_METADATA: Metadata = Object.freeze({});
const LONGEST_ID = 256;
/** No database stores it in a text. */
const NUL = '\u0000';

/** The six fields of a stream entry: `id, type, payload, metadata, timestamp, correlation_id`. */
export function encodeEnvelope(message: OutgoingMessage, now: number): (string | Buffer)[] {
  const schema: DescMessage = channels[message.channel].message;
  const payload = toBinary(schema, message.payload);
  return [
    'id', message.id,
    'type', schema.typeName,
    'payload', Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength),
    'metadata', encodeMetadata(message),
    'timestamp', String(now),
    'correlation_id', message.correlationId ?? message.id,
  ];
}

function encodeMetadata(message: OutgoingMessage): string {
  const metadata: Record<string, string> = { ...message.metadata };
  if (message.tenantId) metadata[metadataKeys.tenant] = message.tenantId;
  if (message.replyTo) metadata[metadataKeys.replyTo] = message.replyTo;
  if (message.trace) metadata[metadataKeys.traceparent] = formatTraceparent(message.trace);
  return JSON.stringify(metadata);
}

/** Decodes an entry. Throws an AppError `malformed_envelope` or `malformed_payload` that names the field. */
export function decodeEnvelope<C extends ChannelName>(channel: C, entry: RawEntry): Message<C> {
  const definition = channels[channel];
  const fields = readFields(entry.fields);
  const id = idOf(fields);
  if (id === undefined) throw malformed('id', `must have 1 to ${LONGEST_ID} characters, none of them NUL`);
  const type = fields.type?.toString('utf8');
  if (type !== undefined && type !== definition.message.typeName) throw malformed('type', `must be ${definition.message.typeName}`);
  if (fields.payload === undefined) throw malformed('payload', 'is missing');
  const metadata = decodeMetadata(fields.metadata);
  const correlationId = fields.correlation_id?.toString('utf8') || id;
  if (correlationId.includes(NUL)) throw malformed('correlation_id', 'must hold no NUL');
  const timestamp = fields.timestamp === undefined ? Number(entry.id.split('-')[0]) : Number(fields.timestamp.toString('latin1'));
  if (!Number.isFinite(timestamp)) throw malformed('timestamp', 'must be Unix milliseconds');
  return {
    channel,
    id,
    payload: decodePayload(definition.message, fields.payload, metadata) as MessageOf<C>,
    metadata,
    correlationId,
    timestamp,
    tenantId: metadata[metadataKeys.tenant] ?? '',
    replyTo: metadata[metadataKeys.replyTo] || undefined,
    trace: parseTraceparent(metadata[metadataKeys.traceparent]),
    entryId: entry.id,
    deliveries: entry.deliveries,
  };
}

/** The id of an entry, be the rest of it readable or not; undefined when it has none that could be a message's. */
export function readId(fields: readonly Buffer[]): string | undefined {
  return idOf(readFields(fields));
}

function idOf({ id: bytes }: EnvelopeFields): string | undefined {
  const id = bytes?.toString('utf8') ?? '';
  return id === '' || id.length > LONGEST_ID || id.includes(NUL) ? undefined : id;
}

interface EnvelopeFields {
  id?: Buffer;
  type?: Buffer;
  payload?: Buffer;
  metadata?: Buffer;
  timestamp?: Buffer;
  correlation_id?: Buffer;
}

function readFields(pairs: readonly Buffer[]): EnvelopeFields {
  const fields: EnvelopeFields = {};
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    const value = pairs[i + 1];
    switch (pairs[i]?.toString('latin1')) {
      case 'id': fields.id = value; break;
      case 'type': fields.type = value; break;
      case 'payload': fields.payload = value; break;
      case 'metadata': fields.metadata = value; break;
      case 'timestamp': fields.timestamp = value; break;
      case 'correlation_id': fields.correlation_id = value; break;
      default: break;
    }
  }
  return fields;
}

function decodeMetadata(bytes: Buffer | undefined): Metadata {
  if (bytes === undefined || bytes.length === 0) return NO_METADATA;
  let parsed: unknown;
  try {
    parsed = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw malformed('metadata', 'must be a JSON object of strings', cause);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw malformed('metadata', 'must be a JSON object of strings');
  for (const value of Object.values(parsed)) if (typeof value !== 'string') throw malformed('metadata', 'must be a JSON object of strings');
  return parsed as Metadata;
}

function decodePayload(schema: DescMessage, bytes: Buffer, metadata: Metadata): unknown {
  const type = metadata[metadataKeys.contentType] ?? 'application/protobuf';
  try {
    if (type === 'application/protobuf') return fromBinary(schema, bytes);
    if (type === 'application/json') return fromJsonString(schema, bytes.toString('utf8'));
  } catch (cause) {
    const detail = type === 'application/json' ? `: ${jsonProblem(cause)}` : '; JSON needs content-type application/json';
    throw new AppError('malformed_payload', `payload is not ${schema.typeName} as ${type}${detail}`, { status: 400, param: 'payload', cause });
  }
  throw malformed('metadata', `content-type must be application/protobuf or application/json`);
}

function malformed(field: string, must: string, cause?: unknown): AppError {
  return new AppError('malformed_envelope', `envelope field ${field} ${must}`, { status: 400, param: field, cause });
}
