import { describe, expect, it } from 'vitest';
import { answerAsEvents } from '../src/hub/answer-as-events.js';
import type { ModelAnswer } from '../src/hub/model-answer.js';
import type { ModelMessage, ModelPart } from '../src/hub/model-part.js';
import type { ModelRequest } from '../src/hub/model-request.js';
import type { AnswerFrame, ClientWire, UpstreamWire } from '../src/hub/wire.js';
import { openAiChat } from '../src/openai-chat/openai-chat.js';
import { openAiResponses } from '../src/openai-responses/openai-responses.js';
import { grownAnswer, inSmallPieces, readEvents, serverEvents } from './recorded-exchanges.js';

type Wire = ClientWire & UpstreamWire;

/** Numbers that look random and are the same each time (mulberry32). */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % sides;
  };
}

const TEXTS = ['Hi', 'Ünïcödé 👋🏽', 'two\n\nlines', '"quoted" \\ and {braces}', ' ', 'data: [DONE]'];
const SCHEMA = { type: 'object', properties: { x: { type: 'number' } } };

/** What both wires can say, put together by chance: no thoughts, no sound, nothing that only one of them knows. */
class Chance {
  private readonly roll: (sides: number) => number;
  private calls = 0;

  constructor(seed: number) {
    this.roll = dice(seed);
  }

  request(): ModelRequest {
    const tools = this.times(3, (i) => ({ name: `tool_${i}`, description: this.maybe('does things'), parameters: SCHEMA, ...(this.roll(2) === 0 && { isStrict: true }) }));
    const [tool] = tools;
    return {
      model: 'm',
      isStream: this.roll(2) === 0,
      messages: [...this.times(1, () => ({ role: 'system' as const, parts: [this.text()] })), ...this.times(4, () => this.exchange()).flat(), { role: 'user', parts: [this.text()] }],
      tools,
      ...(tool && { toolChoice: this.maybe(this.pick([{ kind: 'auto' }, { kind: 'none' }, { kind: 'required' }, { kind: 'tool', name: tool.name }])), isParallelToolUse: this.maybe(this.roll(2) === 0) }),
      maxOutputTokens: this.maybe(16 + this.roll(1_000)),
      temperature: this.maybe(this.roll(21) / 10),
      topP: this.maybe(this.roll(11) / 10),
      stop: [],
      responseFormat: this.maybe(this.pick([{ kind: 'text' }, { kind: 'json' }, { kind: 'schema', name: 's', schema: SCHEMA, isStrict: this.roll(2) === 0 }])),
      reasoning: this.maybe({ effort: this.pick(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const) }),
      user: this.maybe('u'),
    };
  }

  answer(): ModelAnswer {
    const calls = this.times(3, () => this.call());
    const parts: ModelPart[] = [...this.times(1, () => this.text()), ...this.times(1, () => ({ kind: 'refusal' as const, text: this.pick(TEXTS) })), ...calls];
    const reasoning = this.roll(5);
    return {
      id: 'x',
      model: 'm',
      parts,
      finishReason: this.pick(['length', 'content_filter', calls.length > 0 ? 'tool_calls' : 'stop'] as const),
      usage: { input: this.roll(100), output: 5 + this.roll(100), cacheRead: this.roll(100), cacheWrite: this.roll(100), reasoning },
    };
  }

  private exchange(): ModelMessage[] {
    const calls = this.times(3, () => this.call());
    const spoken = this.times(1, () => this.text());
    const said: ModelMessage[] = spoken.length + calls.length > 0 ? [{ role: 'assistant', parts: [...spoken, ...calls] }] : [];
    const results: ModelMessage[] = calls.length > 0 ? [{ role: 'tool', parts: calls.map(({ id }) => ({ kind: 'tool_result' as const, callId: id, parts: this.times(2, () => this.text()), isError: false })) }] : [];
    return [{ role: 'user', parts: [this.text(), ...this.times(2, () => this.medium()), ...this.times(1, () => this.text())] }, ...said, ...results];
  }

  private text(): Extract<ModelPart, { kind: 'text' }> {
    return { kind: 'text', text: this.pick(TEXTS) };
  }

  private medium(): ModelPart {
    return this.pick<ModelPart>([
      { kind: 'image', source: { url: 'https://example.com/a.png' }, detail: 'auto' },
      { kind: 'image', source: { base64: 'AAAA', mediaType: 'image/png' }, detail: 'high' },
      { kind: 'file', source: { base64: 'BBBB', mediaType: 'application/pdf' }, name: 'a.pdf' },
    ]);
  }

  private call(): Extract<ModelPart, { kind: 'tool_call' }> {
    return { kind: 'tool_call', id: `call_${this.calls++}`, name: `tool_${this.roll(3)}`, arguments: this.pick(['{}', '{"x":1}', '{"x":"\\"y\\" 👋"}', '{"broken":']) };
  }

  private times<T>(most: number, make: (i: number) => T): T[] {
    return Array.from({ length: this.roll(most + 1) }, (_, i) => make(i));
  }

  private pick<T>(of: readonly T[]): T {
    return of[this.roll(of.length)] as T;
  }

  private maybe<T>(value: T): T | undefined {
    return this.roll(3) === 0 ? undefined : value;
  }
}

const viaRequest = (wire: Wire, request: ModelRequest): ModelRequest => wire.readRequest(JSON.parse(JSON.stringify(wire.writeRequest(request))));
const frame: AnswerFrame = { id: 'x', model: 'm', createdAt: 1, request: { model: 'm', isStream: true, messages: [], tools: [], stop: [], wantsUsage: true } };
const viaAnswer = (wire: Wire, answer: ModelAnswer): ModelAnswer => {
  const read = wire.readAnswer(JSON.parse(JSON.stringify(wire.writeAnswer(answer, frame))));
  if (read.kind !== 'answer') throw new Error(`read as ${read.kind}`);
  return read.answer;
};
const viaStream = (wire: Wire, answer: ModelAnswer): ModelAnswer => {
  const writer = wire.writer(frame);
  const text = inSmallPieces(answerAsEvents(answer)).map((event) => writer.write(event)).join('') + writer.end();
  return grownAnswer(readEvents(wire.reader(), serverEvents(text)));
};

const SEEDS = Array.from({ length: 200 }, (_, i) => i + 1);

describe('what both wires of OpenAI can say goes to and fro without loss', () => {
  it('in requests', () => {
    for (const seed of SEEDS) {
      const request = new Chance(seed).request();
      expect(viaRequest(openAiResponses, viaRequest(openAiChat, request)), `seed ${seed}`).toEqual(request);
      expect(viaRequest(openAiChat, viaRequest(openAiResponses, request)), `seed ${seed}`).toEqual(request);
    }
  });

  it('in whole answers and in streams, and from one to the other', () => {
    for (const seed of SEEDS) {
      const answer = new Chance(seed).answer();
      for (const via of [viaAnswer, viaStream]) {
        expect(via(openAiResponses, via(openAiChat, answer)), `seed ${seed}`).toEqual(answer);
        expect(via(openAiChat, via(openAiResponses, answer)), `seed ${seed}`).toEqual(answer);
      }
      expect(viaAnswer(openAiChat, viaStream(openAiResponses, answer)), `seed ${seed}`).toEqual(answer);
    }
  });

  it('is enough to mean something', () => {
    const requests = SEEDS.map((seed) => new Chance(seed).request());
    const kinds = new Set(requests.flatMap(({ messages }) => messages.flatMap(({ parts }) => parts.map(({ kind }) => kind))));
    expect([...kinds].sort()).toEqual(['file', 'image', 'text', 'tool_call', 'tool_result']);
    expect(new Set(SEEDS.map((seed) => new Chance(seed).answer().finishReason)).size).toBe(4);
  });
});
