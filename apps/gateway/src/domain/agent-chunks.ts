import type { ProcessedRequest, ProgressPart } from '@nexus/contracts';
import { finishReason, nexusExtension, usageOf, type CompletionIdentity } from './agent-answer.js';
import { AgentText } from './agent-text.js';

/** A run as a stream of `chat.completion.chunk`s of one id. What the agent's tools do stays inside NEXUS. */
export class AgentChunks {
  private readonly text = new AgentText();
  private readonly head: string;

  constructor(
    private readonly identity: CompletionIdentity,
    private readonly includeUsage: boolean,
  ) {
    const { id, created, model } = identity;
    this.head = JSON.stringify({ id, object: 'chat.completion.chunk', created, model }).slice(0, -1);
  }

  /** The first chunk: who speaks. */
  begin(): string {
    return this.chunk({ role: 'assistant', content: '' });
  }

  /** The chunks (JSON texts) that a live part gives: none or one. Throws when the run says by now something else than what was streamed. */
  add(part: ProgressPart): string[] {
    const text = this.text.add(part);
    return text === '' ? [] : [this.chunk({ content: text })];
  }

  /** The chunks that complete the answer. Throws when there is none, or when what was streamed is not what was answered. */
  finish(answer: ProcessedRequest): string[] {
    const rest = this.text.finish(answer);
    const chunks = rest === '' ? [] : [this.chunk({ content: rest })];
    const nexus = nexusExtension(answer);
    chunks.push(this.chunk({}, finishReason(answer), { nexus }));
    if (this.includeUsage) chunks.push(`${this.head},"choices":[],"usage":${JSON.stringify(usageOf(answer))}}`);
    return chunks;
  }

  private chunk(delta: object, finish: string | null = null, extension: object = {}): string {
    const choices = [{ index: 0, delta, logprobs: null, finish_reason: finish }];
    const usage = this.includeUsage ? { usage: null } : {};
    return `${this.head},${JSON.stringify({ choices, ...usage, ...extension }).slice(1)}`;
  }
}
