import { describe, expect, it } from 'vitest';
import { SseEventTooLarge, SseParser } from './sse-parser.js';

function eventsOf(chunks: readonly Buffer[]): string[] {
  const events: string[] = [];
  const parser = new SseParser((data) => events.push(data.toString()));
  for (const chunk of chunks) parser.feed(chunk);
  parser.end();
  return events;
}

const streams: [name: string, text: string, events: string[]][] = [
  ['LF', 'data: {"a":1}\n\ndata: {"b":"ü€😀"}\n\ndata: [DONE]\n\n', ['{"a":1}', '{"b":"ü€😀"}', '[DONE]']],
  ['CRLF', 'data: one\r\n\r\ndata: two\r\n\r\n', ['one', 'two']],
  ['CR alone', 'data: one\r\rdata: two\r\r', ['one', 'two']],
  ['all line ends mixed', 'data: a\r\ndata: b\rdata: c\n\r\ndata: d\n\n', ['a\nb\nc', 'd']],
  ['comments, other fields and unknown ones', ': keep-alive\n\nevent: message\nid: 7\nretry: 10\ndata: x\ndatax: no\ndat\n\n', ['x']],
  ['no space, two spaces, no colon and no data', 'data:x\n\ndata:  y\n\ndata\n\ndata:\n\n', ['x', ' y']],
  ['several data lines, one of them empty', 'data: {\ndata:\ndata: }\n\n', ['{\n\n}']],
  ['a byte order mark', '\ufeffdata: x\n\n', ['x']],
  ['no end of the last event', 'data: x\n\ndata: [DONE]', ['x', '[DONE]']],
  ['nothing', '', []],
  ['only line ends', '\n\r\n\r\r\n\n', []],
];

describe.each(streams)('a stream with %s', (_, text, events) => {
  const bytes = Buffer.from(text);

  it('gives the same events wherever it is cut in two', () => {
    for (let at = 0; at <= bytes.length; at++) expect(eventsOf([bytes.subarray(0, at), bytes.subarray(at)]), `cut at ${at}`).toEqual(events);
  });

  it('gives the same events wherever it is cut in three', () => {
    for (let a = 0; a <= bytes.length; a++) {
      for (let b = a; b <= bytes.length; b++) expect(eventsOf([bytes.subarray(0, a), bytes.subarray(a, b), bytes.subarray(b)]), `cut at ${a} and ${b}`).toEqual(events);
    }
  });

  it('gives the same events byte by byte', () => {
    expect(eventsOf([...bytes].map((byte) => Buffer.from([byte])))).toEqual(events);
  });
});

it('hands an event out as soon as its blank line is there', () => {
  const events: string[] = [];
  const parser = new SseParser((data) => events.push(data.toString()));
  parser.feed(Buffer.from('data: x\n'));
  expect(events).toEqual([]);
  parser.feed(Buffer.from('\n'));
  expect(events).toEqual(['x']);
});

it('refuses an event that never ends', () => {
  const parser = new SseParser(() => undefined, 100);
  const feedMany = (): void => {
    for (let i = 0; i < 20; i++) parser.feed(Buffer.from('data: 0123456789\n'));
  };
  expect(feedMany).toThrow(SseEventTooLarge);
  expect(() => new SseParser(() => undefined, 100).feed(Buffer.alloc(101, 0x61))).toThrow(SseEventTooLarge);
});
