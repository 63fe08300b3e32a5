import { create } from '@bufbuild/protobuf';
import { InferenceRequestSchema, Wire } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readAskedCall } from '../../domain/asked-call.js';
import type { ResolvedModel } from '../../domain/model-catalog.js';
import { planCall } from '../../domain/plan-call.js';
import type { ProviderKind } from '../../domain/provider-config.js';
import { answerFormOf } from './answer-form.js';
import { localTarget } from './local-upstream.fixture.js';
import type { WireSample } from './wire-samples.fixture.js';

/** Real exchanges with providers, one JSON a line. They are no part of this repository. */
const folder = process.env['NEXUS_WIRE_FIXTURES'] ?? fileURLToPath(new URL('../../../../../../shared/data/wire', import.meta.url));
const isThere = existsSync(`${folder}/anthropic.jsonl`);

interface Exchange {
  readonly file: string;
  readonly status: number;
  readonly sse: boolean;
  readonly body: Record<string, unknown> | null;
  readonly req: Record<string, unknown>;
}
const files: readonly (readonly [WireSample['endpoint'], string])[] = [['chat', 'openai-chat'], ['messages', 'anthropic'], ['responses', 'openai-responses'], ['gemini', 'google']];
const exchangesOf = (file: string): Exchange[] => readFileSync(`${folder}/${file}.jsonl`, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Exchange);

const wires = { chat: Wire.OPENAI_CHAT, messages: Wire.ANTHROPIC_MESSAGES, responses: Wire.OPENAI_RESPONSES } as const;
const clients: readonly (readonly [Wire, object])[] = [
  [Wire.OPENAI_CHAT, { model: 'm', messages: [{ role: 'user', content: 'hi' }] }],
  [Wire.ANTHROPIC_MESSAGES, { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] }],
  [Wire.OPENAI_RESPONSES, { model: 'm', input: 'hi' }],
];
const kinds: readonly ProviderKind[] = ['openai', 'responses', 'anthropic', 'gemini'];
const modelOf = (kind: ProviderKind): ResolvedModel => ({
  id: 'm', target: { ...localTarget(1), kind }, upstreamModel: 'claude-opus-4-5', price: { input: 1_000_000, output: 1_000_000, cacheRead: 0, cacheWrite: 0, request: 1 }, longContext: undefined, maxOutputTokens: 64_000,
  defaultMaxOutputTokens: undefined, contextWindow: 200_000, mode: 'chat',
  abilities: { tools: true, vision: true, jsonSchema: true, reasoning: true, audio: undefined, files: undefined },
});
const askedIn = (wire: Wire, body: unknown) => readAskedCall(create(InferenceRequestSchema, { input: { case: 'body', value: Buffer.from(JSON.stringify(body)) }, wire, model: 'asked' }));

describe.skipIf(!isThere)(`recorded exchanges${isThere ? '' : ' (skipped: set NEXUS_WIRE_FIXTURES to the folder that holds anthropic.jsonl)'}`, () => {
  it.each(files)('every answer over %s is understood, with what it used, and can be written for every client', (endpoint, file) => {
    // a response in the background is not whole, and NEXUS asks for none
    const whole = exchangesOf(file).filter(({ status, sse, body }) => status === 200 && !sse && body !== null && !['queued', 'in_progress'].includes(body['status'] as string));
    expect(whole.length).toBeGreaterThan(30);
    const plans = clients.map(([wire, body]) => planCall(askedIn(wire, body), modelOf(wire === Wire.OPENAI_CHAT ? 'gemini' : 'openai')));
    let read = 0;
    for (const { body, file: name } of whole) {
      const answer = answerFormOf(endpoint, false).read(body);
      if (answer.kind !== 'answer') continue;
      read++;
      expect(answer.usage, name).toMatchObject({ estimated: false });
      for (const plan of plans) expect(JSON.parse(Buffer.from(plan.answerBytes({ body: Buffer.from('{}'), answer: answer.answer }, { id: 'a', now: 1 })).toString()), name).toHaveProperty('usage');
    }
    // the others are lists of models, counts of tokens and the like
    expect(read).toBeGreaterThan(whole.length * 0.7);
  });

  it.each(files.filter(([endpoint]) => endpoint !== 'gemini'))('every request over %s is planned for every kind of provider, or refused with what is in the way', (endpoint, file) => {
    const wire = wires[endpoint as keyof typeof wires];
    let planned = 0;
    const exchanges = exchangesOf(file).filter(({ req, status }) => status === 200 && req !== null && ('messages' in req || 'input' in req));
    for (const { req, file: name } of exchanges) {
      for (const kind of kinds) {
        try {
          const plan = planCall(askedIn(wire, req), modelOf(kind));
          expect(plan.maxInputTokens, name).toBeGreaterThan(0);
          expect(() => JSON.parse(plan.bodyFor(2_000).toString()) as unknown, name).not.toThrow();
          planned++;
        } catch (error) {
          if (!(error instanceof AppError)) throw error;
          expect(error, name).toMatchObject({ status: 400, param: expect.stringMatching(/./) as string });
        }
      }
    }
    expect(planned).toBeGreaterThan(exchanges.length);
  });
});
