import { describe, expect, it } from 'vitest';
import { StreamAccumulator } from './accumulate-stream.js';

function grow(...chunks: Record<string, unknown>[]): StreamAccumulator {
  const answer = new StreamAccumulator();
  for (const chunk of chunks) answer.add(chunk);
  return answer;
}
const delta = (value: Record<string, unknown>, finish: string | null = null): Record<string, unknown> => ({ id: 'c1', model: 'm', choices: [{ index: 0, delta: value, finish_reason: finish }] });
const call = (piece: Record<string, unknown>): Record<string, unknown> => delta({ tool_calls: [piece] });

describe('the message of a stream', () => {
  it('is its text, its reasoning and its refusal put together', () => {
    const answer = grow(delta({ role: 'assistant', content: '' }), delta({ reasoning_content: 'think' }), delta({ content: 'Hel' }), delta({ content: 'lo' }), delta({}, 'stop'));
    expect(answer.message()).toEqual({ text: 'Hello', reasoning: 'think', refusal: undefined, toolCalls: [] });
    expect(answer).toMatchObject({ id: 'c1', model: 'm', isFinished: true, finishReason: 'stop' });
    expect(grow(delta({ refusal: 'no' })).message().refusal).toBe('no');
  });

  it('understands content in parts, as Mistral streams its thinking', () => {
    const answer = grow(delta({ content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] }] }), delta({ content: [{ type: 'text', text: 'yes' }] }));
    expect(answer.message()).toMatchObject({ text: 'yes', reasoning: 'hm' });
  });

  it('merges the pieces of parallel tool calls by index, also when they are interleaved', () => {
    const answer = grow(
      call({ index: 0, id: 'a', type: 'function', function: { name: 'one', arguments: '' } }),
      call({ index: 1, id: 'b', type: 'function', function: { name: 'two', arguments: '{"y"' } }),
      call({ index: 0, function: { arguments: '{"x":' } }),
      call({ index: 1, function: { arguments: ':2}' } }),
      call({ index: 0, function: { arguments: '1}' } }),
      delta({}, 'tool_calls'),
    );
    expect(answer.message().toolCalls).toEqual([
      { id: 'a', name: 'one', arguments: '{"x":1}' },
      { id: 'b', name: 'two', arguments: '{"y":2}' },
    ]);
    expect(answer.finishReason).toBe('tool_calls');
  });

  it('merges tool calls that have no index, or all the same one', () => {
    const whole = (id: string, index?: number): Record<string, unknown> => call({ ...(index === undefined ? {} : { index }), id, function: { name: id, arguments: '{}' } });
    const names = (answer: StreamAccumulator): string[] => answer.message().toolCalls.map((it) => `${it.name}${it.arguments}`);
    expect(names(grow(whole('a'), whole('b')))).toEqual(['a{}', 'b{}']);
    expect(names(grow(whole('a', 0), whole('b', 0)))).toEqual(['a{}', 'b{}']);
    expect(names(grow(call({ id: 'a', function: { name: 'a', arguments: '{' } }), call({ function: { arguments: '}' } })))).toEqual(['a{}']);
    expect(names(grow(whole('a', 0), call({ index: 0, id: 'b', function: { name: 'b', arguments: '{' } }), call({ index: 0, function: { arguments: '}' } })))).toEqual(['a{}', 'b{}']);
  });

  it('takes arguments that are an object and not text', () => {
    expect(grow(call({ index: 0, id: 'a', function: { name: 'f', arguments: { x: 1 } } })).message().toolCalls[0]?.arguments).toBe('{"x":1}');
  });

  it('is the first choice\'s, while the text of all of them counts', () => {
    const answer = grow({ choices: [{ index: 1, delta: { content: 'two' } }] }, { choices: [{ index: 0, delta: { content: 'one' } }] });
    expect(answer.message().text).toBe('one');
    expect(answer.allText()).toBe('onetwo');
    expect(answer.pieces).toBe(2);
  });

  it('has the last usage that was told, wherever it stood', () => {
    const usage = (output: number): Record<string, unknown> => ({ prompt_tokens: 1, completion_tokens: output });
    expect(grow({ choices: [], usage: usage(1) }, { choices: [], usage: usage(2) }, { choices: [], usage: null }).usage?.output).toBe(2);
    expect(grow({ choices: [], x_groq: { usage: usage(3) } }).usage?.output).toBe(3);
    expect(grow(delta({ content: 'x' })).usage).toBeUndefined();
  });

  it('survives chunks of any shape', () => {
    const answer = grow({}, { choices: null }, { choices: [null, 1, {}] }, { choices: [{ index: -1, delta: { content: 5, tool_calls: [null, {}] } }] }, { id: 7, model: null });
    expect(answer.message().text).toBe('');
  });
});
