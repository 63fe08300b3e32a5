import type { ModelMessage, ModelPart, ModelRequest } from '@nexus/wires';

/** Bytes of UTF-8 that one token stands for, on average over languages and code. */
const BYTES_PER_TOKEN = 4;
const TOKENS_PER_MESSAGE = 4;
/** A picture or a file of ordinary size; its bytes say nothing about its tokens. */
const TOKENS_PER_MEDIA = 1_000;

/** About how many tokens a request is: by NEXUS's own count, as each model counts differently. */
export function countTokens({ messages, tools, responseFormat }: ModelRequest): number {
  const said = messages.reduce((sum, message) => sum + messageTokens(message), 0);
  const offered = tools.reduce((sum, { name, description, parameters }) => sum + textTokens(name + (description ?? '') + JSON.stringify(parameters)), 0);
  return said + offered + (responseFormat?.kind === 'schema' ? textTokens(JSON.stringify(responseFormat.schema)) : 0);
}

function messageTokens({ parts }: ModelMessage): number {
  return parts.reduce((sum, part) => sum + partTokens(part), TOKENS_PER_MESSAGE);
}

function partTokens(part: ModelPart): number {
  switch (part.kind) {
    case 'text':
    case 'reasoning':
    case 'refusal':
      return textTokens(part.text);
    case 'tool_call':
      return textTokens(part.name + part.arguments);
    case 'tool_result':
      return part.parts.reduce((sum, inner) => sum + partTokens(inner), 0);
    case 'image':
    case 'file':
    case 'audio':
      return TOKENS_PER_MEDIA;
  }
}

function textTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN);
}
