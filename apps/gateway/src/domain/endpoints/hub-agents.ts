import { create } from '@bufbuild/protobuf';
import { FinishReason as WireFinish, IncomingRequestSchema, Progress, type IncomingRequest, type ProcessedRequest, type ProgressPart } from '@nexus/contracts';
import type { AppError } from '@nexus/core';
import type { AnswerFrame, AnswerWriter, ClientWire, FinishReason, ModelAnswer, ModelRequest, ToldUsage } from '@nexus/wires';
import { nexusExtension, requireAnswer } from '../agent-answer.js';
import { API_SURFACE } from '../agent-request.js';
import { AgentText } from '../agent-text.js';
import { invalidInput } from '../invalid-input.js';
import { toConversation } from './to-conversation.js';
import type { AgentForm, AgentStream, AnswerIdentity, StreamTail } from './model-endpoint.js';

/** How agents are asked in a wire that has no form for them of its own: as if they were a model. `prefix` begins the ids of its answers. */
export function hubAgents(wire: ClientWire, prefix: string, tail: () => StreamTail): AgentForm<unknown> {
  const frame = ({ id, model, created }: AnswerIdentity, body: unknown): AnswerFrame => ({ id: prefix + id.replaceAll('-', ''), model, createdAt: created, request: wire.readRequest(body) });
  return {
    request: (body, agent, deadlineMs) => toAgentRequest(wire.readRequest(body), agent, deadlineMs),
    whole(answer, identity, body) {
      const framed = frame(identity, body);
      return { ...wire.writeAnswer(toModelAnswer(answer, framed), framed), nexus: nexusExtension(answer) };
    },
    stream(identity, body) {
      const framed = frame(identity, body);
      return new HubAgentStream(wire.writer(framed), framed, tail());
    },
  };
}

class HubAgentStream implements AgentStream {
  private readonly text = new AgentText();
  private hasBegun = false;

  constructor(
    private readonly writer: AnswerWriter,
    private readonly frame: AnswerFrame,
    private readonly tail: StreamTail,
  ) {}

  begin(): string {
    this.hasBegun = true;
    return this.writer.write({ kind: 'start', id: this.frame.id, model: this.frame.model });
  }

  add(part: ProgressPart): string {
    return this.say(this.text.add(part));
  }

  finish(answer: ProcessedRequest): string {
    const rest = this.text.finish(answer);
    const head = this.hasBegun ? '' : this.begin();
    return head + this.say(rest) + this.writer.write({ kind: 'usage', usage: usageOf(answer) }) + this.writer.write({ kind: 'finish', reason: finishReason(answer) }) + this.writer.end();
  }

  see(events: string): void {
    this.tail.see?.(events);
  }

  answer(): unknown {
    return this.tail.answer?.();
  }

  fail(error: AppError): string {
    return this.tail.fail(error);
  }

  private say(text: string): string {
    return text === '' ? '' : this.writer.write({ kind: 'text', index: 0, text });
  }
}

function toAgentRequest(request: ModelRequest, agent: string, deadlineMs: number): IncomingRequest {
  if (request.tools.length > 0) {
    throw invalidInput('unsupported_parameter', 'tools', `Unsupported with '${request.model}': an agent calls its own tools on the server. Leave 'tools' out, or name a plain model.`);
  }
  const { temperature, topP, maxOutputTokens, seed, stop } = request;
  return create(IncomingRequestSchema, {
    agent,
    surface: API_SURFACE,
    history: toConversation(request.messages),
    progress: request.isStream ? Progress.PARTS : Progress.NONE,
    deadlineMs: BigInt(deadlineMs),
    parameters: {
      ...(temperature !== undefined && { temperature }),
      ...(topP !== undefined && { topP }),
      ...(maxOutputTokens !== undefined && { maxOutputTokens: BigInt(maxOutputTokens) }),
      ...(seed !== undefined && { seed: BigInt(seed) }),
      stop: [...stop],
    },
  });
}

function toModelAnswer(answer: ProcessedRequest, { id, model }: AnswerFrame): ModelAnswer {
  requireAnswer(answer);
  return { id, model, parts: [{ kind: 'text', text: answer.text }], finishReason: finishReason(answer), usage: usageOf(answer) };
}

/** Never `tool_calls`: an agent's tools have been called when it answers. */
function finishReason({ finishReason: reason }: ProcessedRequest): FinishReason {
  if (reason === WireFinish.LENGTH) return 'length';
  return reason === WireFinish.CONTENT_FILTER ? 'content_filter' : 'stop';
}

function usageOf({ usage }: ProcessedRequest): ToldUsage {
  const tokens = usage?.tokens;
  return {
    input: Number(tokens?.input ?? 0n),
    output: Number(tokens?.output ?? 0n),
    cacheRead: Number(tokens?.cacheRead ?? 0n),
    cacheWrite: Number(tokens?.cacheWrite ?? 0n),
    cacheWrite1h: Number(tokens?.cacheWrite1h ?? 0n),
    reasoning: Number(tokens?.reasoning ?? 0n),
  };
}
