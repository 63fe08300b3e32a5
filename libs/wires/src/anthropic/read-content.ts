import { optionalBoolean, optionalString, requiredObject, requiredString } from '../hub/body-fields.js';
import { unsupportedValue, wrongType } from '../hub/input-error.js';
import { isObject, type JsonObject } from '../hub/json-object.js';
import type { FilePart, ImagePart, ModelPart, ReasoningPart, TextPart, ToolCallPart, ToolResultPart } from '../hub/model-part.js';
import { argumentsOf } from './call-input.js';
import { readCallSignature } from './call-signature.js';
import { readCache } from './cache-control.js';
import { readSource } from './read-source.js';
import { keptSignature } from './signature.js';

/** The blocks of a content, each with its place; a string is one block of text. Throws AppError (400) for what is neither. */
function blocksOf(content: unknown, at: string): { readonly item: JsonObject; readonly at: string }[] {
  if (typeof content === 'string') return content === '' ? [] : [{ item: { type: 'text', text: content }, at }];
  if (!Array.isArray(content)) throw wrongType(at, 'a string or an array of blocks', content);
  return content.map((item: unknown, i) => {
    if (!isObject(item)) throw wrongType(`${at}[${i}]`, 'an object', item);
    return { item, at: `${at}[${i}]` };
  });
}

/**
 * The parts of a message, in their order. Throws AppError (400) that names the block. What the provider's own tools did in earlier answers
 * is passed over: the answers' texts tell what came of it. So are marks of Anthropic's tool search, for elsewhere all tools are there
 * from the beginning.
 */
export function readContent(content: unknown, at: string): ModelPart[] {
  const parts: ModelPart[] = [];
  let signature: string | undefined;
  for (const { item, at: place } of blocksOf(content, at)) {
    const ofNext = item['type'] === 'redacted_thinking' ? readCallSignature(item['data']) : undefined;
    if (ofNext !== undefined) {
      signature = ofNext;
      continue;
    }
    for (const part of readBlock(item, place)) {
      const isSigned = part.kind === 'tool_call' && signature !== undefined;
      parts.push(isSigned ? { ...part, signature } : part);
      if (isSigned) signature = undefined;
    }
  }
  return parts;
}

function readBlock(block: JsonObject, at: string): ModelPart[] {
  const type = requiredString(block, 'type', at);
  switch (type) {
    case 'tool_use':
      return [readCall(block, at)];
    case 'tool_result':
      return [readResult(block, at)];
    case 'thinking':
      return readThought(requiredString(block, 'thinking', at), block['signature']);
    case 'redacted_thinking': {
      const signature = keptSignature(requiredString(block, 'data', at));
      return signature === undefined ? [] : [{ kind: 'reasoning', text: '', signature, isRedacted: true }];
    }
    case 'compaction':
      return typeof block['content'] === 'string' ? [{ kind: 'text', text: block['content'], ...readCache(block) }] : [];
    case 'container_upload':
      throw unsupportedValue(at, "Files of the provider's containers are not understood by this model's provider. Send the bytes as base64, or a URL.");
    case 'server_tool_use':
    case 'mcp_tool_use':
    case 'tool_addition':
    case 'tool_removal':
    case 'fallback':
      return [];
    default:
      return type.endsWith('_tool_result') ? [] : readMaterial(block, type, at);
  }
}

/** Text, pictures and documents: what stands in a message as well as in the result of a tool. */
function readMaterial(block: JsonObject, type: string, at: string): (TextPart | ImagePart | FilePart)[] {
  switch (type) {
    case 'text':
      return [{ kind: 'text', text: requiredString(block, 'text', at), ...readCache(block) }];
    case 'image':
      return [{ kind: 'image', source: readSource(block, at), ...readCache(block) }];
    case 'document':
      return readDocument(block, at);
    case 'search_result': {
      const text = blocksOf(block['content'], `${at}.content`).map(({ item, at: place }) => requiredString(item, 'text', place));
      return [{ kind: 'text', text: [requiredString(block, 'title', at), requiredString(block, 'source', at), ...text].join('\n'), ...readCache(block) }];
    }
    case 'tool_reference':
      return [{ kind: 'text', text: requiredString(block, 'tool_name', at) }];
    default:
      throw unsupportedValue(`${at}.type`, `Blocks of the type "${type}" are not understood by this model's provider.`);
  }
}

/** What the client says of the document goes before it. A document of blocks is just these. */
function readDocument(block: JsonObject, at: string): (TextPart | ImagePart | FilePart)[] {
  const context = optionalString(block, 'context', at);
  const name = optionalString(block, 'title', at);
  const source = requiredObject(block, 'source', at);
  const said: TextPart[] = context === undefined || context === '' ? [] : [{ kind: 'text', text: context }];
  if (source['type'] === 'content') {
    const blocks = blocksOf(source['content'], `${at}.source.content`).flatMap(({ item, at: place }) => readMaterial(item, requiredString(item, 'type', place), place));
    return [...(name === undefined ? [] : [{ kind: 'text' as const, text: name }]), ...said, ...blocks];
  }
  return [...said, { kind: 'file', source: readSource(block, at), ...(name !== undefined && { name }), ...readCache(block) }];
}

function readCall(block: JsonObject, at: string): ToolCallPart {
  const input = block['input'];
  if (input !== undefined && !isObject(input)) throw wrongType(`${at}.input`, 'an object', input);
  return { kind: 'tool_call', id: requiredString(block, 'id', at), name: requiredString(block, 'name', at), arguments: argumentsOf(input), ...readCache(block) };
}

function readResult(block: JsonObject, at: string): ToolResultPart {
  const content = block['content'];
  const blocks = content === undefined || content === null ? [] : blocksOf(content, `${at}.content`);
  return {
    kind: 'tool_result',
    callId: requiredString(block, 'tool_use_id', at),
    parts: blocks.flatMap(({ item, at: place }) => readMaterial(item, requiredString(item, 'type', place), place)),
    isError: optionalBoolean(block, 'is_error', at) ?? false,
    ...readCache(block),
  };
}

function readThought(text: string, signed: unknown): ReasoningPart[] {
  const signature = keptSignature(signed);
  return text === '' && signature === undefined ? [] : [{ kind: 'reasoning', text, ...(signature !== undefined && { signature }) }];
}
