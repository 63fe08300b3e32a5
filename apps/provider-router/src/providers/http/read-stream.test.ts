import { describe, expect, it } from 'vitest';
import { answerFormOf } from './answer-form.js';
import { StreamReader } from './read-stream.js';
import { wireSamples } from './wire-samples.fixture.js';

const cases = wireSamples.flatMap((sample) => [true, false].map((isPassthrough) => [sample.endpoint, isPassthrough, sample] as const));

describe.each(cases)('%s (passed on as it is: %s)', (endpoint, isPassthrough, { opening, pieces, ending }) => {
  const read = () => {
    const parts: string[] = [];
    const reader = new StreamReader(answerFormOf(endpoint, isPassthrough).grow(), (json) => parts.push(json.toString()));
    return { parts, reader, feed: (events: readonly string[]) => reader.feed(Buffer.from(events.join(''))) };
  };

  it('hands nothing on before the first piece of the answer, for until then another model may answer', () => {
    const { parts, reader, feed } = read();
    feed(opening);
    expect(parts).toEqual([]);
    expect(reader).toMatchObject({ hasBegun: true, hasStarted: false });
    feed(pieces.slice(0, 2));
    expect(parts).toHaveLength(opening.length + 2);
    expect(reader.hasStarted).toBe(true);
  });

  it('hands everything on of an answer that is empty', () => {
    const { parts, feed, reader } = read();
    feed([...opening, ...ending]);
    expect(parts).toHaveLength(opening.length + ending.filter((event) => !event.includes('[DONE]')).length);
    expect(reader.answer).toMatchObject({ isFinished: true, finishReason: 'stop' });
  });

  it('says that a stream ended where its last event is, and nothing behind it counts', () => {
    const { parts, feed } = read();
    const end = feed([...opening, ...pieces, ...ending]);
    const before = parts.length;
    expect(end?.kind).toBe(endpoint === 'gemini' ? undefined : 'done'); // Gemini's streams have no last event
    feed(pieces);
    if (endpoint !== 'gemini') expect(parts).toHaveLength(before);
  });
});

it('hands on what opened a stream that says [DONE] and nothing else', () => {
  const parts: string[] = [];
  const reader = new StreamReader(answerFormOf('chat', true).grow(), (json) => parts.push(json.toString()));
  expect(reader.feed(Buffer.from('data: {"id":"x","choices":[{"delta":{"role":"assistant","content":""}}]}\n\ndata: [DONE]\n\n'))).toEqual({ kind: 'done' });
  expect(parts).toHaveLength(1);
});
