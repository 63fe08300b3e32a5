import { describe, expect, it } from 'vitest';
import { readToolCalls } from './text-tool-calls.js';

const known = new Set(['math_solver', 'current_time']);
const read = (text: string) => readToolCalls(text, (name) => known.has(name));
const fence = (body: string) => `\`\`\`json\n${body}\n\`\`\``;

describe('readToolCalls', () => {
  it('reads JSON that stands alone', () => {
    expect(read('{"name":"math_solver","arguments":{"expression":"1+1"}}')).toEqual({ prose: '', calls: [{ name: 'math_solver', arguments: '{"expression":"1+1"}' }] });
  });

  it('reads JSON in a fence, and takes the empty fence away', () => {
    expect(read(`Let me see.\n${fence('{"tool": "current_time", "args": {"time_zone": "Asia/Tokyo"}}')}\nOne moment.`)).toEqual({
      prose: 'Let me see.\n\nOne moment.', calls: [{ name: 'current_time', arguments: '{"time_zone":"Asia/Tokyo"}' }],
    });
  });

  it('reads JSON with prose around it, and several calls in order', () => {
    const { calls, prose } = read('First {"name":"math_solver","parameters":{"expression":"f(\\"}\\")"}} then {"action":"current_time","action_input":{}} please');
    expect(calls).toEqual([{ name: 'math_solver', arguments: '{"expression":"f(\\"}\\")"}' }, { name: 'current_time', arguments: '{}' }]);
    expect(prose).toBe('First  then  please');
  });

  it.each([
    ['<tool_call>{"name":"current_time","arguments":{}}</tool_call>'],
    ['{"tool_calls":[{"id":"1","type":"function","function":{"name":"current_time","arguments":"{}"}}]}'],
    ['[{"name":"current_time","arguments":{}}]'],
    ['{"type":"function","function":{"name":"current_time","arguments":"{}"}}'],
    ['{"function":"current_time","arguments":{}}'],
    ['{"name":"current_time"}'],
  ])('reads %s', (text) => {
    expect(read(text)).toEqual({ prose: '', calls: [{ name: 'current_time', arguments: '{}' }] });
  });

  it('takes the fields beside the tool as its arguments', () => {
    expect(read('{"tool":"math_solver","expression":"2*3"}').calls).toEqual([{ name: 'math_solver', arguments: '{"expression":"2*3"}' }]);
  });

  it.each([
    ['{"name":"Ada","born":1815}'],
    ['{"name":"math_solver","born":1815}'],
    ['{"name":"unknown_tool","arguments":{}}'],
    ['[{"name":"current_time","arguments":{}}, 1]'],
    ['see [1] and {not json} and {"a":1'],
    ['plain text'],
    ['{'.repeat(20_000)],
  ])('leaves an answer an answer: %s', (text) => {
    expect(read(text)).toEqual({ prose: text, calls: [] });
  });
});
