/** docs/channels.md. */
import { ScalarType } from '@bufbuild/protobuf';
import { channels, metadataKeys } from '@nexus/contracts';
import { envelopeFields, metadataComments, requiredOn } from './envelope.mjs';
import { defaultOf, typesWithin } from './json-schema.mjs';
import { code, duration, generatedNote, table } from './markdown.mjs';
import { publishByHand } from './publish-by-hand.mjs';

const anchor = (heading) => heading.toLowerCase().replaceAll(/[^\w -]/g, '').replaceAll(' ', '-');
const link = (name) => `[${name}](#${anchor(name)})`;
const yes = (is) => (is ? 'yes' : 'no');

function typeText(field) {
  const one = (kind) => (kind === 'message' ? link(field.message.typeName) : kind === 'enum' ? link(field.enum.typeName) : ScalarType[field.scalar].toLowerCase());
  if (field.fieldKind === 'list') return `list of ${one(field.listKind)}`;
  if (field.fieldKind === 'map') return `map of ${ScalarType[field.mapKey].toLowerCase()} to ${one(field.mapKind)}`;
  return one(field.fieldKind);
}

function defaultText(field) {
  const value = defaultOf(field);
  if (value === undefined) return 'not set';
  if (value === '') return 'empty';
  return code(typeof value === 'object' ? JSON.stringify(value) : value);
}

function fieldsTable(message, protos) {
  if (message.fields.length === 0) return 'No fields.';
  const rows = message.fields.map((field) => {
    const oneof = field.oneof === undefined || field.proto.proto3Optional ? '' : `One of \`${field.oneof.name}\`. `;
    return [code(field.jsonName), typeText(field), defaultText(field), oneof + protos.comment(`${message.typeName}.${field.name}`)];
  });
  return table(['field', 'type', 'default', 'meaning'], rows);
}

const keyText = (name, { takesReplyTo, delivery }) =>
  [`\`${name}\``, delivery === 'work' && `\`${name}.{p}\` with several partitions`, takesReplyTo && `\`${name}:<reply-to>\` when the one who asked named a reply-to`].filter(Boolean).join('; ');

const deliveryText = { work: 'work: each entry to one replica of each consumer group', broadcast: 'broadcast: each entry to every replica that reads' };

const publisherText = ({ requiredMetadata }) =>
  requiredMetadata.includes(metadataKeys.authorization) ? 'whoever holds a surface token or an API key: each entry is checked' : 'services of NEXUS only: keep Redis closed to everybody else';

function retentionText({ retentionMs, takesReplyTo, delivery }) {
  const kept = `at least ${duration(retentionMs)}${delivery === 'work' ? ', and until every group has acknowledged it' : ''}`;
  return takesReplyTo ? `${kept}. A reply-to's key expires ${duration(2 * retentionMs)} after its last entry` : kept;
}

function channelSection(name, definition, protos) {
  const message = protos.message(definition.message.typeName);
  const facts = [
    ['payload', `${link(message.typeName)}, [JSON Schema](schemas/${name}.schema.json)`],
    ['delivery', deliveryText[definition.delivery]],
    ['consumer group of NEXUS', definition.group === undefined ? 'none' : code(definition.group)],
    ['key', keyText(name, definition)],
    ['order kept for', definition.partitionKey],
    ['kept', retentionText(definition)],
    ['required metadata', definition.requiredMetadata.map(code).join(', ') || 'none'],
    ['id', definition.idScope],
    ['when it cannot be handled', definition.failureReply],
    ['who may publish', publisherText(definition)],
  ];
  return `### ${name}\n\n${definition.purpose}\n\n${table(['', ''], facts)}`;
}

function typeSection(type, protos) {
  const comment = protos.comment(type.typeName);
  const body = type.kind === 'enum' ? table(['value', 'meaning'], type.values.map((value) => [code(value.name), protos.comment(`${type.typeName}.${value.name}`)])) : fieldsTable(type, protos);
  return [`### ${type.typeName}`, comment, body].filter(Boolean).join('\n\n');
}

function envelopeSection(root) {
  const comments = metadataComments(root);
  return `## An entry

An entry of a stream has these fields ([JSON Schema](schemas/envelope.schema.json)); others are ignored.

${table(['field', 'required', 'default', 'meaning'], envelopeFields.map(({ name, isRequired, byDefault, text }) => [code(name), yes(isRequired), byDefault, text]))}

Metadata:

${table(['key', 'required on', 'meaning'], [...comments].map(([key, text]) => [code(key), requiredOn(key).map(code).join(', ') || 'no channel', text]))}

An entry that cannot be read, or that fails for good, becomes a dead letter with its bytes and the reason (\`nexus dead-letters list\`), is
acknowledged, and the next one is read. It can be published again as it was (\`nexus dead-letters replay\`): the same id in a new entry, which
handlers that have handled it know. In JSON, fields may be left out: the default of each stands in its table. A field that the message does
not have is an error.`;
}

const KEYS = `## Keys

A channel's key in Redis is exactly its name, after \`NEXUS_REDIS_PREFIX\`, which is empty by default. With P > 1 partitions a work channel has the
keys \`<channel>.{0}\` to \`<channel>.{P-1}\`; entries with the same partition key stay in order. Consumer groups bear the name of the service that
reads. Answers for one reader go to \`<channel>:<reply-to>\`; that key expires.

You may read with a consumer group of your own. Nothing that it has not acknowledged is removed, however slow it is; but a group for which
nobody has read for 24 hours (or the channel's retention, if that is longer) and whose oldest entry waits for that long is dropped, with a
warning in the log. Destroy it when you do not need it any more.`;

/** The page. */
export function channelsPage(root, protos) {
  const all = Object.entries(channels);
  const types = new Map(all.flatMap(([, { message }]) => typesWithin(protos.message(message.typeName))).map((type) => [type.typeName, type]));
  const sorted = [...types.values()].sort((a, b) => (a.typeName < b.typeName ? -1 : 1));
  return `${[
    generatedNote('`libs/contracts/src/channel-catalog.ts`, `libs/contracts/src/metadata.ts` and `proto/`'),
    '# Channels',
    'Typed streams, over which the services of NEXUS talk and over which anybody may ask. Names, fields and types are a public contract.',
    table(['channel', 'payload', 'delivery', 'purpose'], all.map(([name, { message, delivery, purpose }]) => [link(name), link(message.typeName), delivery, purpose])),
    envelopeSection(root),
    KEYS,
    publishByHand,
    '## The channels',
    ...all.map(([name, definition]) => channelSection(name, definition, protos)),
    '## The types',
    ...sorted.map((type) => typeSection(type, protos)),
  ].join('\n\n')}\n`;
}
