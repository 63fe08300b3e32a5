import { create } from '@bufbuild/protobuf';
import { FinishReason, Outcome, ProcessedRequestSchema, ProgressPartSchema } from '@nexus/contracts';
import { describe, expect, it } from 'vitest';
import { toChatCompletion } from './agent-answer.js';
import { AgentChunks } from './agent-chunks.js';

const identity = { id: 'chatcmpl-1', model: 'agent/default', created: 1_763_600_000 };
const answer = create(ProcessedRequestSchema, {
  runId: 'run-1', threadId: 'thread-1', outcome: Outcome.ANSWERED, text: 'It is noon.', finishReason: FinishReason.STOP,
  usage: { tokens: { input: 10n, cacheRead: 5n, cacheWrite: 1n, output: 7n, reasoning: 2n }, costMicroUsd: 42n, steps: 2, modelCalls: 2, toolCalls: 1, durationMs: 900n },
});
const failed = create(ProcessedRequestSchema, { runId: 'run-1', outcome: Outcome.FAILED, error: { code: 'provider_error', message: 'Away.', status: 502 } });
const delta = create(ProgressPartSchema, { step: 1, part: { case: 'textDelta', value: 'It is' } });

interface Chunk {
  readonly id: string;
  readonly object: string;
  readonly choices: readonly { readonly delta: { readonly content?: string; readonly role?: string }; readonly finish_reason: string | null }[];
  readonly usage?: unknown;
  readonly nexus?: unknown;
}
const parse = (chunks: readonly string[]): Chunk[] => chunks.map((chunk) => JSON.parse(chunk) as Chunk);

describe('AgentChunks', () => {
  it('streams under one id, completes the answer, and ends with reason, usage and what it was', () => {
    const chunks = new AgentChunks(identity, true);
    const all = parse([chunks.begin(), ...chunks.add(delta), ...chunks.finish(answer)]);
    expect(new Set(all.map(({ id, object }) => `${id} ${object}`))).toEqual(new Set(['chatcmpl-1 chat.completion.chunk']));
    expect(all.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe('It is noon.');
    expect(all[0]?.choices[0]?.delta.role).toBe('assistant');
    expect(all.at(-2)).toMatchObject({ choices: [{ delta: {}, finish_reason: 'stop' }], nexus: { run_id: 'run-1', cost_micro_usd: 42, steps: 2 } });
    expect(all.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 16, completion_tokens: 7, total_tokens: 23 } });
  });

  it('says nothing of usage when nobody asked, and nothing of tools', () => {
    const chunks = new AgentChunks(identity, false);
    const tool = create(ProgressPartSchema, { step: 1, part: { case: 'toolStarted', value: { call: { id: 'c', name: 'f' } } } });
    expect(chunks.add(tool)).toEqual([]);
    const all = parse(chunks.finish(answer));
    expect(all.some((chunk) => 'usage' in chunk)).toBe(false);
    expect(JSON.stringify(all)).not.toContain('"tool_calls":[');
  });

  it('throws the error of the run, and one of its own when another text was streamed than answered', () => {
    const chunks = new AgentChunks(identity, false);
    expect(() => chunks.finish(failed)).toThrow(expect.objectContaining({ code: 'provider_error', status: 502 }));
    chunks.add(create(ProgressPartSchema, { step: 1, part: { case: 'textDelta', value: 'Something else' } }));
    expect(() => chunks.finish(answer)).toThrow(expect.objectContaining({ code: 'stream_interrupted' }));
  });

  it('says at once that the call was made anew and the new text differs', () => {
    const chunks = new AgentChunks(identity, false);
    chunks.add(create(ProgressPartSchema, { runId: 'run-1', step: 1, epoch: 1n, part: { case: 'textDelta', value: 'It is' } }));
    expect(() => chunks.add(create(ProgressPartSchema, { runId: 'run-1', step: 1, epoch: 2n, part: { case: 'textDelta', value: 'At noon' } }))).toThrow(expect.objectContaining({ code: 'stream_interrupted', message: expect.stringContaining('/v1/runs/run-1') }));
  });
});

describe('toChatCompletion', () => {
  it('adds up usage, and tells which run it was and what it cost', () => {
    expect(toChatCompletion(answer, identity)).toMatchObject({
      id: 'chatcmpl-1', object: 'chat.completion', model: 'agent/default', created: 1_763_600_000,
      choices: [{ index: 0, message: { role: 'assistant', content: 'It is noon.', refusal: null }, finish_reason: 'stop', logprobs: null }],
      usage: { prompt_tokens: 16, completion_tokens: 7, total_tokens: 23, prompt_tokens_details: { cached_tokens: 5 }, completion_tokens_details: { reasoning_tokens: 2 } },
      nexus: { run_id: 'run-1', thread_id: 'thread-1', cost_micro_usd: 42, steps: 2, model_calls: 2, tool_calls: 1, duration_ms: 900, run_units: 0 },
    });
  });

  it('throws what came instead of an answer', () => {
    expect(() => toChatCompletion(failed, identity)).toThrow(expect.objectContaining({ code: 'provider_error' }));
    expect(() => toChatCompletion(create(ProcessedRequestSchema, { outcome: Outcome.CANCELLED }), identity)).toThrow(expect.objectContaining({ code: 'run_cancelled', status: 409 }));
    expect(() => toChatCompletion(create(ProcessedRequestSchema, { outcome: Outcome.FAILED }), identity)).toThrow(expect.objectContaining({ code: 'internal' }));
  });

  it.each([[FinishReason.LENGTH, 'length'], [FinishReason.CONTENT_FILTER, 'content_filter'], [FinishReason.TOOL_CALLS, 'stop'], [FinishReason.OTHER, 'stop']])('writes finish reason %i as %s', (reason, written) => {
    expect(toChatCompletion(create(ProcessedRequestSchema, { ...answer, finishReason: reason }), identity)).toMatchObject({ choices: [{ finish_reason: written }] });
  });
});
