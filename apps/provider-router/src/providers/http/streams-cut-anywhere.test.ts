import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { answerFormOf } from './answer-form.js';
import { StreamReader, type StreamEnd } from './read-stream.js';
import { wireSamples, type WireSample } from './wire-samples.fixture.js';

/** Real exchanges with providers, one JSON a line. They are no part of this repository. */
const folder = process.env['NEXUS_WIRE_FIXTURES'] ?? fileURLToPath(new URL('../../../../../../shared/data/wire', import.meta.url));

type Endpoint = WireSample['endpoint'];

interface Recorded {
  readonly endpoint: Endpoint;
  readonly name: string;
  readonly raw: string;
}

const isThere = existsSync(`${folder}/anthropic.jsonl`);
const files: readonly (readonly [Endpoint, string])[] = [['chat', 'openai-chat'], ['messages', 'anthropic'], ['responses', 'openai-responses'], ['gemini', 'google']];
const recorded = isThere ? files.flatMap(([endpoint, file]) => streamsOf(endpoint, `${folder}/${file}.jsonl`)) : [];

function streamsOf(endpoint: Endpoint, file: string): Recorded[] {
  const lines = readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as { file: string; i: number; sse: boolean; raw: string | null });
  return lines.flatMap(({ file: name, i, sse, raw }) => (sse && raw ? [{ endpoint, name: `${endpoint} ${name} #${i}`, raw }] : []));
}

/** Bytes between two of many cuts: prime, and shorter than most events. */
const STRIDE = 61;

/** All that somebody learns of a stream whose bytes come in these pieces. */
function readIn(pieces: readonly Buffer[], endpoint: Endpoint, isPassthrough: boolean) {
  const form = answerFormOf(endpoint, isPassthrough);
  const handedOn: string[] = [];
  const reader = new StreamReader(form.grow(), (json, _chunk, event, said) => handedOn.push(`${event ?? ''} ${json.toString()} ${JSON.stringify(said)}`));
  let end: StreamEnd | undefined;
  for (const piece of pieces) end ??= reader.feed(piece);
  end ??= reader.close();
  const { answer } = reader;
  return { end, answer: answer.answer(), usage: answer.usage, finish: answer.finishReason, isFinished: answer.isFinished, handedOn };
}

function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places, bytes.length];
  return ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end));
}

/** The same sequence each time, so that a failure can be seen again. */
function* numbersBelow(most: number, seed: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state % most;
  }
}

const samples = wireSamples.map(({ endpoint, opening, pieces, ending }) => ({ endpoint, name: `${endpoint} (documented)`, raw: [...opening, ...pieces, ...ending].join('') }));

describe('a documented stream', () => {
  it.each(samples.map((sample) => [sample.name, sample] as const))('%s says the same wherever it is cut', (_, { endpoint, raw }) => {
    for (const isPassthrough of [true, false]) {
      for (const text of [raw, raw.replaceAll('\n', '\r\n'), raw.replaceAll('hel', 'hé💡l')]) {
        const bytes = Buffer.from(text);
        const whole = readIn([bytes], endpoint, isPassthrough);
        expect(whole).toMatchObject({ finish: 'stop', isFinished: true, usage: { input: 10, output: 5 }, answer: { parts: [{ kind: 'text' }] } });
        for (let at = 1; at < bytes.length; at++) expect(readIn(cutAt(bytes, [at]), endpoint, isPassthrough), `cut at ${at}`).toEqual(whole);
        expect(readIn([...bytes].map((byte) => Buffer.from([byte])), endpoint, isPassthrough), 'byte by byte').toEqual(whole);
      }
    }
  });
});

describe.skipIf(!isThere)(`a recorded stream${isThere ? '' : ' (skipped: set NEXUS_WIRE_FIXTURES to the folder that holds anthropic.jsonl)'}`, () => {
  it('is there for every provider', () => {
    expect(new Set(recorded.map(({ endpoint }) => endpoint)).size).toBe(4);
    expect(recorded.length).toBeGreaterThanOrEqual(18);
  });

  it.each(recorded.map((stream) => [stream.name, stream] as const))('%s says the same wherever it is cut', (_, { endpoint, raw }) => {
    const bytes = Buffer.from(raw);
    for (const isPassthrough of [true, false]) {
      const whole = readIn([bytes], endpoint, isPassthrough);
      expect(['done', 'closed']).toContain(whole.end.kind);
      expect(whole.isFinished).toBe(true);
      expect(whole.usage?.estimated).toBe(false);
      expect(whole.usage?.input).toBeGreaterThan(0);
      expect(whole.answer.parts.length).toBeGreaterThan(0);
      // a cut at every place: in short streams alone, in all of them with others behind it
      if (bytes.length <= 2_500) for (let at = 1; at < bytes.length; at++) expect(readIn(cutAt(bytes, [at]), endpoint, isPassthrough), `cut at ${at}`).toEqual(whole);
      for (let from = 1; from <= STRIDE; from++) {
        const cuts = Array.from({ length: Math.ceil((bytes.length - from) / STRIDE) }, (_each, i) => from + i * STRIDE);
        expect(readIn(cutAt(bytes, cuts), endpoint, isPassthrough), `cut every ${STRIDE} bytes from ${from} on`).toEqual(whole);
      }
      expect(readIn([...bytes].map((byte) => Buffer.from([byte])), endpoint, isPassthrough), 'byte by byte').toEqual(whole);
      const places = numbersBelow(bytes.length, 42);
      for (let round = 0; round < 60; round++) {
        const cuts = Array.from({ length: 1 + (round % 12) }, () => places.next().value).sort((a, b) => a - b);
        expect(readIn(cutAt(bytes, cuts), endpoint, isPassthrough), `cut at ${cuts.join(', ')}`).toEqual(whole);
      }
    }
  });
});
