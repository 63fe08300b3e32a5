import { describe, expect, it } from 'vitest';
import type { AnswerEvent } from '../hub/answer-event.js';
import { AnswerGrower } from '../hub/answer-grower.js';
import type { ModelAnswer } from '../hub/model-answer.js';
import { ChatAnswerReader } from './answer-reader.js';

type Chunk = Record<string, unknown>;

const read = (...chunks: Chunk[]): AnswerEvent[] => {
  const reader = new ChatAnswerReader();
  return chunks.flatMap((json) => reader.read({ event: undefined, json }));
};
const grow = (...chunks: Chunk[]): ModelAnswer => {
  const grower = new AnswerGrower();
  for (const event of read(...chunks)) grower.add(event);
  return grower.answer();
};
const delta = (value: Chunk, finish: string | null = null): Chunk => ({ id: 'c1', model: 'm', choices: [{ index: 0, delta: value, finish_reason: finish }] });
const call = (piece: Chunk): Chunk => delta({ tool_calls: [piece] });
const named = (id: string, index: number | undefined, args: unknown = '{}'): Chunk => call({ ...(index !== undefined && { index }), id, type: 'function', function: { name: id, arguments: args } });
const calls = (...chunks: Chunk[]): string[] => grow(...chunks).parts.map((part) => (part.kind === 'tool_call' ? `${part.id} ${part.name} ${part.arguments}` : part.kind));

describe('a streamed chat completion', () => {
  it('is its thoughts, its text and its refusal, each a part', () => {
    const answer = grow(delta({ role: 'assistant', content: '' }), delta({ reasoning_content: 'thi' }), delta({ reasoning: 'nk' }), delta({ content: 'Hel' }), delta({ content: 'lo' }), delta({ refusal: 'no' }), delta({}, 'stop'));
    expect(answer).toEqual({
      id: 'c1',
      model: 'm',
      parts: [
        { kind: 'reasoning', text: 'think' },
        { kind: 'text', text: 'Hello' },
        { kind: 'refusal', text: 'no' },
      ],
      finishReason: 'stop',
      usage: undefined,
    });
  });

  it('may have content in parts, as Mistral streams its thinking', () => {
    const { parts } = grow(delta({ content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] }] }), delta({ content: [{ type: 'text', text: 'yes' }] }));
    expect(parts).toEqual([
      { kind: 'reasoning', text: 'hm' },
      { kind: 'text', text: 'yes' },
    ]);
  });

  it('puts the pieces of calls together by their index, also when these are interleaved', () => {
    const chunks = [
      call({ index: 0, id: 'a', type: 'function', function: { name: 'one', arguments: '' } }),
      call({ index: 1, id: 'b', type: 'function', function: { name: 'two', arguments: '{"y"' } }),
      call({ index: 0, function: { arguments: '{"x":' } }),
      call({ index: 1, function: { arguments: ':2}' } }),
      call({ index: 0, function: { arguments: '1}' } }),
      delta({}, 'tool_calls'),
    ];
    expect(calls(...chunks)).toEqual(['a one {"x":1}', 'b two {"y":2}']);
    expect(grow(...chunks).finishReason).toBe('tool_calls');
  });

  it('tells calls apart that have no index, or all the same one', () => {
    expect(calls(named('a', undefined), named('b', undefined))).toEqual(['a a {}', 'b b {}']);
    expect(calls(named('a', 0), named('b', 0))).toEqual(['a a {}', 'b b {}']);
    expect(calls(named('a', undefined, '{'), call({ function: { arguments: '}' } }))).toEqual(['a a {}']);
    expect(calls(named('a', 0), named('b', 0, '{'), call({ index: 0, function: { arguments: '}' } }))).toEqual(['a a {}', 'b b {}']);
  });

  it('says the id and the name of a call once, and holds back what comes before the name', () => {
    const events = read(call({ index: 0, id: 'a', function: { arguments: '{' } }), call({ index: 0, id: 'a', function: { name: 'f', arguments: '"x"' } }), call({ index: 0, id: 'a', function: { name: 'f', arguments: ':1}' } }));
    expect(events.slice(1)).toEqual([
      { kind: 'tool_call', index: 0, id: 'a', name: 'f', arguments: '{"x"' },
      { kind: 'tool_call', index: 0, id: '', name: '', arguments: ':1}' },
    ]);
  });

  it('gives a call an id whose provider gave it none', () => {
    expect(calls(call({ index: 0, function: { name: 'f', arguments: '{}' } }), call({ index: 1, function: { name: 'g', arguments: '{}' } }))).toEqual(['call_c1_0 f {}', 'call_c1_1 g {}']);
  });

  it('may have arguments that are an object and not text, or none', () => {
    expect(calls(named('f', 0, { x: 1 }))).toEqual(['f f {"x":1}']);
    expect(calls(call({ index: 0, id: 'a', function: { name: 'f' } }))).toEqual(['a f ']);
  });

  it('keeps what Gemini wants back with a call, and whose it is', () => {
    const { parts } = grow(call({ index: 0, id: 'a', function: { name: 'f', arguments: '{}' }, extra_content: { google: { thought_signature: 'c2ln' } } }));
    expect(parts[0]).toMatchObject({ kind: 'tool_call', signature: 'gemini:c2ln' });
  });

  it('ends as a call for tools when there are calls and the word is stop', () => {
    expect(grow(named('a', 0), delta({}, 'stop')).finishReason).toBe('tool_calls');
  });

  it('is the first choice only, and begins where the id is told', () => {
    const two = { id: 'c1', model: 'm', choices: [{ index: 1, delta: { content: 'two' } }] };
    expect(grow({ id: '', model: '', choices: [] }, two, delta({ content: 'one' }))).toMatchObject({ id: 'c1', parts: [{ kind: 'text', text: 'one' }] });
  });

  it('has the last usage that was told, wherever it stood', () => {
    const usage = (output: number): Chunk => ({ prompt_tokens: 1, completion_tokens: output });
    expect(grow({ choices: [], usage: usage(1) }, { choices: [], usage: usage(2) }, { choices: [], usage: null }).usage?.output).toBe(2);
    expect(grow({ choices: [], x_groq: { usage: usage(3) } }).usage?.output).toBe(3);
  });

  it('is done when the first choice said why it ended', () => {
    const reader = new ChatAnswerReader();
    reader.read({ event: undefined, json: delta({ content: 'x' }) });
    expect(reader.isDone).toBe(false);
    reader.read({ event: undefined, json: delta({}, 'length') });
    expect(reader.isDone).toBe(true);
  });

  it('says what the provider said of its failure', () => {
    const body = { error: { message: 'overloaded' } };
    expect(read(delta({ content: 'x' }), body).at(-1)).toEqual({ kind: 'error', body });
  });

  it('survives chunks of any shape', () => {
    expect(grow({}, { choices: null }, { choices: [null, 1, {}] }, { choices: [{ index: -1, delta: { content: 5, tool_calls: [null, {}, { function: null }] } }] }, { id: 7, model: null }).parts).toEqual([]);
  });
});
