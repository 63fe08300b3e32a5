import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { ChatMessageSchema, GenerateRequestSchema, ParametersSchema, PartSchema, Role, type ChatMessage, type GenerateRequest, type Parameters, type Part } from '@nexus/contracts';
import { AppError, assertExhaustive } from '@nexus/core';
import type { MediaSource, ModelMessage, ModelPart, ModelRequest, ResponseFormat, ToolChoice } from '@nexus/wires';

/**
 * What is asked of a local model. Signatures, cache lives and the user's name mean nothing to it and are left out. Throws AppError
 * `unsupported_value` (400) with its `param` for what the contract has no place for.
 */
export function writeGenerateRequest(request: ModelRequest, callId: string): GenerateRequest {
  if ((request.choices ?? 1) > 1) throw unsupported('A local model gives one answer: leave n out, or set it to 1.', 'n');
  return create(GenerateRequestSchema, {
    model: request.model,
    messages: request.messages.map(messageOf),
    tools: request.tools.map(({ name, description, parameters }) => ({ name, description: description ?? '', parameters: JSON.stringify(parameters) })),
    parameters: parametersOf(request),
    ...(request.topK !== undefined && { topK: request.topK }),
    ...(request.presencePenalty !== undefined && { presencePenalty: request.presencePenalty }),
    ...(request.frequencyPenalty !== undefined && { frequencyPenalty: request.frequencyPenalty }),
    callId,
  });
}

function messageOf({ role, parts }: ModelMessage): ChatMessage {
  return create(ChatMessageSchema, { role: roles[role], parts: parts.map(partOf) });
}

const roles: Readonly<Record<ModelMessage['role'], Role>> = { system: Role.SYSTEM, user: Role.USER, assistant: Role.ASSISTANT, tool: Role.TOOL };

function partOf(part: ModelPart): Part {
  return create(PartSchema, { kind: kindOf(part) });
}

type Kind = NonNullable<MessageInitShape<typeof PartSchema>['kind']>;

function kindOf(part: ModelPart): Kind {
  switch (part.kind) {
    case 'text':
      return { case: 'text', value: part.text };
    case 'image':
      return { case: 'image', value: imageOf(part.source) };
    case 'tool_call':
      return { case: 'toolCall', value: { id: part.id, name: part.name, arguments: part.arguments } };
    case 'tool_result':
      return {
        case: 'toolResult',
        value: {
          callId: part.callId,
          name: part.name ?? '',
          text: part.parts.flatMap((piece) => (piece.kind === 'text' ? [piece.text] : [])).join('\n'),
          isError: part.isError,
          images: part.parts.flatMap((piece) => {
            if (piece.kind === 'file') throw unsupported('A local model takes no files.', 'messages');
            return piece.kind === 'image' ? [imageOf(piece.source)] : [];
          }),
        },
      };
    case 'reasoning':
      return { case: 'reasoning', value: part.text };
    case 'refusal':
      return { case: 'refusal', value: part.text };
    case 'file':
      throw unsupported('A local model takes no files.', 'messages');
    case 'audio':
      throw unsupported('A local model takes no audio.', 'messages');
    default:
      return assertExhaustive(part);
  }
}

function imageOf(source: MediaSource): { url: string; mediaType: string } {
  return 'url' in source ? { url: source.url, mediaType: '' } : { url: `data:${source.mediaType};base64,${source.base64}`, mediaType: source.mediaType };
}

function parametersOf(request: ModelRequest): Parameters {
  const { temperature, topP, maxOutputTokens, stop, seed, toolChoice, responseFormat, reasoning } = request;
  return create(ParametersSchema, {
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...(maxOutputTokens !== undefined && { maxOutputTokens: BigInt(maxOutputTokens) }),
    ...(seed !== undefined && { seed: BigInt(seed) }),
    stop: [...stop],
    toolChoice: toolChoice ? choiceOf(toolChoice) : '',
    responseSchema: responseFormat ? schemaOf(responseFormat) : '',
    reasoningEffort: reasoning?.effort ?? '',
  });
}

function schemaOf(format: ResponseFormat): string {
  if (format.kind === 'schema') return JSON.stringify(format.schema);
  return format.kind === 'json' ? '{}' : '';
}

function choiceOf(choice: ToolChoice): string {
  return choice.kind === 'tool' ? choice.name : choice.kind;
}

function unsupported(message: string, param: string): AppError {
  return new AppError('unsupported_value', message, { status: 400, param });
}
