import { create } from '@bufbuild/protobuf';
import { IncomingRequestSchema, Progress, type IncomingRequest } from '@nexus/contracts';
import { toChatMessages } from './agent-messages.js';
import type { ChatBody } from './chat-body.js';
import { invalidInput } from './invalid-input.js';

/** Where requests that come through the gateway come from. */
export const API_SURFACE = 'api';

const PREFIX = 'agent/';

/** The agent that a model name such as `agent/default` asks for, or undefined for a plain model. */
export function agentOf(model: string): string | undefined {
  return model.startsWith(PREFIX) ? model.slice(PREFIX.length) : undefined;
}

/** The model name of an agent. */
export function agentModel(agent: string): string {
  return PREFIX + agent;
}

/**
 * A chat body for an agent as the request of a run: the conversation is the client's own, the tools are the agent's.
 * Throws an AppError (400) for what only a plain model can do.
 */
export function toAgentRequest(body: ChatBody, agent: string, deadlineMs: number): IncomingRequest {
  if ((body.tools?.length ?? 0) > 0 || body.functions !== undefined) {
    throw invalidInput('unsupported_parameter', body.functions === undefined ? 'tools' : 'functions', `Unsupported with '${body.model}': an agent calls its own tools on the server. Leave 'tools' out, or name a plain model.`);
  }
  const maxOutputTokens = body.max_completion_tokens ?? body.max_tokens;
  return create(IncomingRequestSchema, {
    agent,
    surface: API_SURFACE,
    history: toChatMessages(body.messages),
    progress: body.stream ? Progress.PARTS : Progress.NONE,
    deadlineMs: BigInt(deadlineMs),
    parameters: {
      ...(body.temperature != null && { temperature: body.temperature }),
      ...(body.top_p != null && { topP: body.top_p }),
      ...(maxOutputTokens != null && { maxOutputTokens: BigInt(maxOutputTokens) }),
      ...(body.seed != null && { seed: BigInt(body.seed) }),
      stop: typeof body.stop === 'string' ? [body.stop] : [...(body.stop ?? [])],
    },
  });
}
