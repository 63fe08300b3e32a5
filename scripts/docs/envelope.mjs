/** The six fields of an entry and the keys of its metadata, for the page and the schema. */
import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { channels, metadataKeys } from '@nexus/contracts';

/** Name, whether it must be there, what is taken when it is not, what it is, and its schema. */
export const envelopeFields = [
  { name: 'id', isRequired: true, byDefault: '', text: "The publisher's id, 1 to 256 characters. It makes the entry the same message again; each channel says within what and what that does.", schema: { type: 'string', minLength: 1, maxLength: 256 } },
  { name: 'type', isRequired: false, byDefault: "the channel's type", text: "Full name of the payload's protobuf message. When it is given it must be the channel's.", schema: { type: 'string' } },
  { name: 'payload', isRequired: true, byDefault: '', text: 'The message: protobuf, or proto3 JSON where the metadata says `content-type: application/json`.', schema: { type: 'string' } },
  { name: 'metadata', isRequired: false, byDefault: '`{}`', text: 'A JSON object whose values are all strings.', schema: undefined },
  { name: 'timestamp', isRequired: false, byDefault: "the time in the entry's own id", text: 'When it was published, in Unix milliseconds.', schema: { type: 'string', pattern: '^[0-9]+$' } },
  { name: 'correlation_id', isRequired: false, byDefault: 'the id', text: 'What belongs together: everything that follows from a request carries its correlation id.', schema: { type: 'string' } },
];

/** What stands above each key in the source, by the key's name on the wire. */
export function metadataComments(root) {
  const source = readFileSync(join(realpathSync(join(root, 'node_modules/@nexus/contracts')), 'src/metadata.ts'), 'utf8');
  const comments = new Map([...source.matchAll(/\/\*\* ((?:(?!\*\/).)*) \*\/\s*\w+: '([^']+)'/gs)].map(([, text, key]) => [key, text.replaceAll(/\s+/g, ' ')]));
  for (const key of Object.values(metadataKeys)) if (!comments.has(key)) throw new Error(`metadata.ts has no comment above ${key}`);
  return comments;
}

/** The channels whose entries must carry this key. */
export const requiredOn = (key) => Object.entries(channels).filter(([, definition]) => definition.requiredMetadata.includes(key)).map(([name]) => name);

/** The schema of an entry, its fields as an object of strings. */
export function envelopeSchema(root) {
  const metadata = {
    type: 'string',
    contentMediaType: 'application/json',
    contentSchema: {
      type: 'object',
      additionalProperties: { type: 'string' },
      properties: Object.fromEntries([...metadataComments(root)].map(([key, description]) => [key, { type: 'string', description }])),
    },
    default: '{}',
  };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'An entry of a channel',
    description: 'The fields of a stream entry. In Redis every value is a string of bytes; fields that are not named here are ignored.',
    type: 'object',
    properties: Object.fromEntries(envelopeFields.map(({ name, schema = metadata, text }) => [name, { ...schema, description: text }])),
    required: envelopeFields.filter(({ isRequired }) => isRequired).map(({ name }) => name),
  };
}
