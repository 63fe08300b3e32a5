import { Progress } from '@nexus/contracts';
import { describe, expect, it } from 'vitest';
import { agentOf, toAgentRequest } from './agent-request.js';
import type { ChatBody } from './chat-body.js';

const body: ChatBody = { model: 'agent/default', messages: [{ role: 'user', content: 'hi' }] };

describe('agentOf', () => {
  it('tells agents from plain models', () => {
    expect(agentOf('agent/default')).toBe('default');
    expect(agentOf('openai/gpt-4o')).toBeUndefined();
    expect(agentOf('my-agent/x')).toBeUndefined();
  });
});

describe('toAgentRequest', () => {
  it("carries the client's conversation and parameters, and no text of its own", () => {
    const request = toAgentRequest({ ...body, temperature: 0.2, top_p: 1, max_tokens: 9, max_completion_tokens: 8, seed: 3, stop: 'END' }, 'default', 1_000);
    expect(request).toMatchObject({ agent: 'default', surface: 'api', text: '', deadlineMs: 1_000n, progress: Progress.NONE });
    expect(request.history).toHaveLength(1);
    expect(request.parameters).toMatchObject({ temperature: 0.2, topP: 1, maxOutputTokens: 8n, seed: 3n, stop: ['END'] });
  });

  it('leaves unset what the client left out', () => {
    const { parameters } = toAgentRequest({ ...body, temperature: null, stop: null }, 'default', 1_000);
    expect(parameters?.temperature).toBeUndefined();
    expect(parameters?.maxOutputTokens).toBeUndefined();
    expect(parameters?.stop).toEqual([]);
  });

  it('asks for parts when the client streams', () => {
    expect(toAgentRequest({ ...body, stream: true }, 'default', 1_000).progress).toBe(Progress.PARTS);
  });

  it('refuses tools of the client', () => {
    expect(() => toAgentRequest({ ...body, tools: [{ type: 'function', function: { name: 'f' } }] }, 'default', 1_000)).toThrow(expect.objectContaining({ status: 400, param: 'tools' }));
    expect(() => toAgentRequest({ ...body, functions: [] }, 'default', 1_000)).toThrow(expect.objectContaining({ status: 400, param: 'functions' }));
    expect(toAgentRequest({ ...body, tools: [] }, 'default', 1_000).agent).toBe('default');
  });
});
