import { afterAll, describe, expect, it } from 'vitest';
import { runTool } from '../domain/run-tool.js';
import { ToolRegistry } from '../domain/tool-registry.js';
import type { ToolContext, ToolOutcome } from '../domain/tool.js';
import { compileJsonSchema } from './compile-json-schema.js';
import { mathSolver } from './math-solver.js';

const tool = mathSolver({ timeoutMs: 2_000, processes: 1 });
const context: ToolContext = { signal: new AbortController().signal, now: () => 0 };
const solve = (expression: string): Promise<ToolOutcome> => runTool(tool, { expression }, context);
const ok = (text: string): ToolOutcome => ({ kind: 'ok', text, truncated: false });

afterAll(() => tool.close?.());

describe('math_solver', () => {
  it.each([
    ['17.5% of 1,280', '224'],
    ['0.1 + 0.2', '0.3'],
    ['2^64 - 1', '18446744073709551615'],
    ['9007199254740993 + 1', '9007199254740994'],
    ['50!', '30414093201713378043612608166064768844377641568960512000000000000'],
    ['100 + 3%', '103'],
    ['8 % 3', '2'],
    ['1,234,567.89 * 2', '2469135.78'],
    ['1/3', '0.33333333333333333333 (rounded)'],
    ['sin(pi)', '0 (rounded)'],
    ['sqrt(-4)', '2i'],
    ['e^(i*pi)', '-1 (rounded)'],
    ['gamma(0.5)^2', '3.1415926535898 (rounded)'],
    ['ln(e)', '1'],
    ['max(1,280)', '280'],
    ['det([1, 2; 3, 4])', '-2'],
    ['inv([1, 2; 3, 4])', '[[-2, 1], [1.5, -0.5]]'],
    ['20 degC to degF', '68 degF'],
    ['5 cm + 2 inch', '10.08 cm'],
    ['a = 3; a^2 + 1', '10'],
    ['f(x) = x^2; f(12)', '144'],
    ['sum(1:100)', '5050'],
    ['10^10^10', '1e+10000000000'],
  ])('%s is %s', async (expression, text) => {
    expect(await solve(expression)).toEqual(ok(text));
  });

  it.each([
    ['2 +', 'expression: Unexpected end of expression'],
    ['nosuch(1)', 'expression: Undefined function nosuch'],
    ['x + 1', 'expression: Undefined symbol x'],
    ['f(x) = x', 'does not call it'],
    ['3,14', 'Write decimals with a point'],
    ['# only a comment', 'nothing to evaluate'],
    ['ones(1e9)', 'ones takes at most 10000 elements'],
    ['1:1e10', 'range takes at most 10000 elements'],
    ['(1e9)!', 'factorial takes at most 10000'],
  ])('refuses %s and says why', async (expression, message) => {
    expect(await solve(expression)).toEqual({ kind: 'error', code: 'invalid_expression', message: expect.stringContaining(message) as string, isRetryable: false });
  });

  it.each(['import({a: 1})', 'config({number: "number"})', 'createUnit("foo")', 'evaluate("1")', 'parse("1")', 'compile("1")', 'simplify("x+x")', 'derivative("x^2", "x")', 'resolve("x")', 'parser()', 'typed("f", {})', 'help(sin)', 'f = evaluate; f("1 + 1")', 'map(["1"], evaluate)'])(
    'gives no access to the evaluator by %s',
    async (expression) => {
      expect(await solve(expression)).toMatchObject({ kind: 'error', code: 'invalid_expression', message: expect.stringContaining('not available') as string });
    },
  );

  it.each(['cos.constructor("return process")', '{}.constructor', '"".constructor', '[1].__proto__', 'f(x) = x; f.constructor', 'i.re = 5', '{}["constructor"]'])(
    'gives no access to the language below by %s',
    async (expression) => {
      expect(await solve(expression)).toMatchObject({ kind: 'error', code: 'invalid_expression' });
    },
  );

  it('leaves nothing of one expression for the next', async () => {
    expect(await solve('a = 3; pi = 3; f(x) = x')).toMatchObject({ kind: 'ok' });
    expect(await solve('a')).toMatchObject({ kind: 'error' });
    expect(await solve('round(pi, 2)')).toEqual(ok('3.14'));
  });

  it.each([
    ['a calculation without end', 'combinations(1e9, 5e8)', 'tool_timeout'],
    ['a power that takes minutes', 'bigint("7")^bigint("100000000")', 'tool_timeout'],
    ['loops inside loops', 'map(1:10000, f(x) = sum(map(1:10000, g(y) = x * y)))', 'tool_timeout'],
  ])('survives %s, and answers the next question', async (_, expression, code) => {
    expect(await solve(expression)).toMatchObject({ kind: 'error', code, isRetryable: false });
    expect(await solve('1 + 1')).toEqual(ok('2'));
  });

  it('survives a matrix that fills the memory', async () => {
    const small = mathSolver({ timeoutMs: 15_000, maxHeapMb: 64 });
    expect(await runTool(small, { expression: 'a = 1:10000; b = kron(a, a); sum(b)' }, context)).toMatchObject({ kind: 'error', code: 'tool_crashed', isRetryable: false });
    expect(await runTool(small, { expression: '1 + 1' }, context)).toEqual(ok('2'));
    await small.close?.();
  });

  it('stops when the caller gives up', async () => {
    const caller = new AbortController();
    const running = runTool(tool, { expression: 'combinations(1e9, 5e8)' }, { ...context, signal: caller.signal });
    caller.abort();
    expect(await running).toMatchObject({ code: 'tool_cancelled' });
    expect(await solve('1 + 1')).toEqual(ok('2'));
  });

  it('has a schema that refuses an empty and an overlong expression', () => {
    const registry = new ToolRegistry(compileJsonSchema);
    registry.add(tool);
    expect(() => registry.readArguments('math_solver', { expression: '' })).toThrow('arguments.expression: must NOT have fewer than 1 characters');
    expect(() => registry.readArguments('math_solver', { expression: '1'.repeat(2_001) })).toThrow('arguments.expression: must NOT have more than 2000 characters');
    expect(() => registry.readArguments('math_solver', '{}')).toThrow('arguments.expression: is required');
  });
});
