import { describe, expect, it } from 'vitest';
import type { ArgumentSchema, ChatMessage, ChatRequest, OfferedTool, PlannedCall, Reply } from './chat.js';
import { DEMO_NOTE, respond } from './respond.js';

const BOTH = 'what is 17.5% of 1,280, and what time is it in Tokyo?';

function tool(name: string, properties: Record<string, ArgumentSchema>, required = Object.keys(properties)): OfferedTool {
  return { name, parameters: { type: 'object', properties, required } };
}
const math = tool('math_solver', { expression: { type: 'string' } });
const time = tool('current_time', { timezone: { type: 'string' } }, []);
const page = tool('load_web_page', { url: { type: 'string' } });
const weather = tool('get_weather', { location: { type: 'string' }, unit: { type: 'string', enum: ['celsius', 'fahrenheit'] }, days: { type: 'integer' } });

function message(role: ChatMessage['role'], text: string, more: Partial<ChatMessage> = {}): ChatMessage {
  return { role, text, unreadParts: 0, toolCalls: [], toolCallId: undefined, ...more };
}
function request(messages: readonly ChatMessage[], more: Partial<ChatRequest> = {}): ChatRequest {
  return { messages, tools: [math, time, page], toolChoice: { kind: 'auto' }, isParallel: true, ...more };
}
function ask(text: string, more: Partial<ChatRequest> = {}): Reply {
  return respond(request([message('user', text)], more));
}
function calls(reply: Reply): readonly PlannedCall[] {
  return reply.kind === 'tools' ? reply.calls : [];
}
function words(reply: Reply): string {
  if (reply.kind === 'tools') throw new Error(`calls ${JSON.stringify(reply.calls)}`);
  return reply.text;
}
/** The conversation goes on: the model's calls and what the tools answered. */
function answered(messages: readonly ChatMessage[], reply: Reply, results: readonly string[]): ChatMessage[] {
  const toolCalls = calls(reply).map((call, i) => ({ id: `call_${messages.length}_${i}`, name: call.name, arguments: JSON.stringify(call.arguments) }));
  return [...messages, message('assistant', '', { toolCalls }), ...toolCalls.map((call, i) => message('tool', results[i] ?? '', { toolCallId: call.id }))];
}

describe('a question that needs tools', () => {
  it('gets all of them called in one message', () => {
    expect(ask(BOTH)).toEqual({
      kind: 'tools',
      calls: [
        { name: 'math_solver', arguments: { expression: '17.5 / 100 * 1280' } },
        { name: 'current_time', arguments: { timezone: 'Asia/Tokyo' } },
      ],
    });
  });

  it('is answered with their results in a sentence each', () => {
    const asked = [message('user', BOTH)];
    const reply = respond(request(answered(asked, ask(BOTH), ['224', '{"timezone":"Asia/Tokyo","iso":"2026-11-20T16:46:00+09:00","weekday":"Friday","text":"Friday, 20 November 2026 at 16:46:00 GMT+9"}'])));
    expect(words(reply)).toBe(`17.5% of 1,280 is 224. In Tokyo it is Friday, 20 November 2026 at 16:46:00 GMT+9. ${DEMO_NOTE}`);
  });

  it('gets them one after the other when they may not be called together', () => {
    const asked = [message('user', BOTH)];
    const first = respond(request(asked, { isParallel: false }));
    expect(calls(first).map((call) => call.name)).toEqual(['math_solver']);
    const after = answered(asked, first, ['224']);
    const second = respond(request(after, { isParallel: false }));
    expect(calls(second).map((call) => call.name)).toEqual(['current_time']);
    expect(words(respond(request(answered(after, second, ['{"text":"noon"}']), { isParallel: false })))).toBe(`17.5% of 1,280 is 224. In Tokyo it is noon. ${DEMO_NOTE}`);
  });

  it('is told the errors of tools, which are not called again', () => {
    const asked = [message('user', BOTH)];
    const reply = respond(request(answered(asked, ask(BOTH), ['{"error":{"message":"division by zero"}}', 'Error: the clock stands still.'])));
    expect(words(reply)).toBe(`math_solver failed for 17.5% of 1,280: division by zero. current_time failed for Tokyo: Error: the clock stands still. ${DEMO_NOTE}`);
  });

  it('reads web pages and cuts what they say', () => {
    const text = 'Summarise https://example.com/a, please';
    expect(calls(ask(text))).toEqual([{ name: 'load_web_page', arguments: { url: 'https://example.com/a' } }]);
    const told = words(respond(request(answered([message('user', text)], ask(text), ['Title: A\n\n' + 'word '.repeat(1_000)]))));
    expect(told).toMatch(/^https:\/\/example\.com\/a says: Title: A word .*…/);
    expect(told.length).toBeLessThan(520);
  });

  it('calls only what is offered, and says what it lacks', () => {
    const reply = ask(BOTH, { tools: [math] });
    expect(calls(reply)).toHaveLength(1);
    const told = words(respond(request(answered([message('user', BOTH)], reply, ['224']), { tools: [math] })));
    expect(told).toBe(`17.5% of 1,280 is 224. To tell the time in Tokyo I would need the tool current_time, and I was not given it. ${DEMO_NOTE}`);
  });

  it('asks for the same thing once', () => {
    expect(calls(ask('2+2 and 2 + 2'))).toHaveLength(1);
  });

  it('leaves the time zone to a tool that can do without, and gives UTC to one that cannot', () => {
    expect(calls(ask('what time is it?'))).toEqual([{ name: 'current_time', arguments: {} }]);
    expect(calls(ask('what time is it?', { tools: [tool('current_time', { timezone: { type: 'string' } })] }))).toEqual([{ name: 'current_time', arguments: { timezone: 'UTC' } }]);
  });

  it('calls a tool without a rule of its own when the question names what it is for', () => {
    expect(calls(ask('What is the weather in Paris over 3 days?', { tools: [weather] }))).toEqual([{ name: 'get_weather', arguments: { location: 'Paris', unit: 'celsius', days: 3 } }]);
    expect(calls(ask('use get_weather for Springfield in fahrenheit', { tools: [weather] }))).toEqual([{ name: 'get_weather', arguments: { location: 'Springfield', unit: 'fahrenheit', days: 0 } }]);
    expect(ask('How are you?', { tools: [weather] }).kind).toBe('text');
  });

  it('looks at the last question only', () => {
    const earlier = answered([message('user', BOTH)], ask(BOTH), ['224', 'noon']);
    const next = [...earlier, message('assistant', 'done'), message('user', 'what is 3 * 3?')];
    expect(calls(respond(request(next)))).toEqual([{ name: 'math_solver', arguments: { expression: '3 * 3' } }]);
    expect(words(respond(request(answered(next, respond(request(next)), ['9']))))).toBe(`3 * 3 is 9. ${DEMO_NOTE}`);
  });
});

describe('the choice of tools', () => {
  it('none: calls nothing', () => {
    expect(words(ask(BOTH, { toolChoice: { kind: 'none' } }))).toContain('I would need the tool math_solver');
  });

  it('required: calls something even where nothing is needed', () => {
    expect(calls(ask('hello', { toolChoice: { kind: 'required' }, tools: [weather, math] }))).toEqual([{ name: 'get_weather', arguments: { location: 'hello', unit: 'celsius', days: 0 } }]);
    expect(calls(ask('what is 1 + 1', { toolChoice: { kind: 'required' } }))).toEqual([{ name: 'math_solver', arguments: { expression: '1 + 1' } }]);
  });

  it('required: calls again after the results, as was demanded', () => {
    const asked = [message('user', 'what is 1 + 1')];
    const after = answered(asked, respond(request(asked)), ['2']);
    expect(calls(respond(request(after, { toolChoice: { kind: 'required' } })))).toHaveLength(1);
  });

  it('a tool by name: calls that one and no other', () => {
    expect(calls(ask(BOTH, { toolChoice: { kind: 'tool', name: 'current_time' } }))).toEqual([{ name: 'current_time', arguments: { timezone: 'Asia/Tokyo' } }]);
    expect(calls(ask('hello', { toolChoice: { kind: 'tool', name: 'math_solver' } }))).toEqual([{ name: 'math_solver', arguments: { expression: 'hello' } }]);
  });
});

describe('a question that needs no tools', () => {
  it('is echoed by a model that says what it is', () => {
    const reply = words(ask('Why is the sky blue?', { tools: [] }));
    expect(reply).toContain('I am the demo model of NEXUS');
    expect(reply).toContain('“Why is the sky blue?”');
    expect(reply.endsWith(DEMO_NOTE)).toBe(true);
  });

  it('is told that images were not looked at', () => {
    expect(words(respond(request([message('user', 'what is this?', { unreadParts: 1 })])))).toContain('1 part that I cannot read');
  });

  it('about the previous question is answered with it', () => {
    const thread = [message('user', 'first one'), message('assistant', 'x'), message('user', 'second one'), message('assistant', 'y')];
    expect(words(respond(request([...thread, message('user', 'What did I ask before?')])))).toBe(`Before this you asked: “second one”. ${DEMO_NOTE}`);
    expect(words(respond(request([...thread, message('user', 'what was my first question?')])))).toBe(`First you asked: “first one”. ${DEMO_NOTE}`);
    expect(words(ask('what did I ask before?'))).toContain('the first question of our conversation');
  });

  it('is answered the same way each time', () => {
    expect(ask('hello')).toEqual(ask('hello'));
  });

  it('may be no question at all', () => {
    expect(words(respond(request([message('system', 'be kind')])))).toContain('Nobody asked me anything');
    expect(words(ask('x'.repeat(100_000))).length).toBeLessThan(700);
  });
});
