import type { Formatted, Span } from '@nexus/adapter-kit';
import { acceptTelegramText, type FakeEntity } from '@nexus/testing';
import { describe, expect, it } from 'vitest';
import { toEntities } from './to-entities.js';

const entitiesOf = (text: string, ...spans: Span[]): unknown[] => toEntities({ text, spans }).map(({ type, offset, length }) => [type, offset, length]);

describe('styles as entities of Telegram', () => {
  it('gives each style its entity', () => {
    const spans: Span[] = [
      { kind: 'bold', offset: 0, length: 1 },
      { kind: 'italic', offset: 1, length: 1 },
      { kind: 'strike', offset: 2, length: 1 },
      { kind: 'code', offset: 3, length: 1 },
      { kind: 'pre', language: 'ts', offset: 4, length: 1 },
      { kind: 'link', url: 'https://example.com/a?b=c', offset: 5, length: 1 },
      { kind: 'quote', offset: 6, length: 1 },
    ];
    expect(toEntities({ text: 'abcdefg', spans })).toEqual([
      { type: 'bold', offset: 0, length: 1 },
      { type: 'italic', offset: 1, length: 1 },
      { type: 'strikethrough', offset: 2, length: 1 },
      { type: 'code', offset: 3, length: 1 },
      { type: 'pre', offset: 4, length: 1, language: 'ts' },
      { type: 'text_link', offset: 5, length: 1, url: 'https://example.com/a?b=c' },
      { type: 'blockquote', offset: 6, length: 1 },
    ]);
  });

  it('cuts bold around the code in it', () => {
    expect(entitiesOf('say code now', { kind: 'bold', offset: 0, length: 12 }, { kind: 'code', offset: 4, length: 4 })).toEqual([
      ['bold', 0, 4],
      ['code', 4, 4],
      ['bold', 8, 4],
    ]);
  });

  it('lets a quote hold code and bold, and no quote', () => {
    expect(entitiesOf('quote me', { kind: 'quote', offset: 0, length: 8 }, { kind: 'quote', offset: 0, length: 5 }, { kind: 'code', offset: 0, length: 5 }, { kind: 'bold', offset: 6, length: 2 })).toEqual([
      ['blockquote', 0, 8],
      ['code', 0, 5],
      ['bold', 6, 2],
    ]);
  });

  it.each(['http://localhost:3000/', 'mailto:ann@example.com', 'javascript:alert(1)', '/relative', 'tg://user?id=7', 'ftp://example.com/x'])('leaves out the link to %s, which Telegram does not take', (url) => {
    expect(entitiesOf('here', { kind: 'link', url, offset: 0, length: 4 })).toEqual([]);
  });

  it('cuts no character in two', () => {
    expect(entitiesOf('a👍b', { kind: 'bold', offset: 2, length: 2 }, { kind: 'italic', offset: 0, length: 2 })).toEqual([
      ['italic', 0, 1],
      ['bold', 3, 1],
    ]);
  });

  it('keeps code and links where there are more than a hundred styles', () => {
    const spans = Array.from({ length: 150 }, (_, i): Span => ({ kind: i < 120 ? 'bold' : 'code', offset: i * 2, length: 1 }));
    const kept = toEntities({ text: 'x '.repeat(150), spans });
    expect(kept).toHaveLength(100);
    expect(kept.filter(({ type }) => type === 'code')).toHaveLength(30);
  });

  it('makes what Telegram takes as it is of whatever nests', () => {
    const random = seeded(20_261_120);
    const kinds = ['bold', 'italic', 'strike', 'code', 'quote', 'pre', 'link'] as const;
    for (let round = 0; round < 2_000; round++) {
      const text = Array.from({ length: 5 + random(30) }, () => ['a', ' ', '\n', '👩‍💻', 'é', '中'][random(6)] ?? 'a').join('');
      const spans = Array.from({ length: random(9) }, (): Span => {
        const offset = random(text.length);
        const length = random(text.length + 3);
        const kind = kinds[random(kinds.length)] ?? 'bold';
        if (kind === 'pre') return { kind, language: '', offset, length };
        return kind === 'link' ? { kind, url: 'https://example.com', offset, length } : { kind, offset, length };
      });
      const given: Formatted = { text: `x${text}x`, spans };
      const { repairs } = acceptTelegramText(given.text, toEntities(given) as FakeEntity[], 4_096, 'text');
      expect(repairs, JSON.stringify(given)).toEqual([]);
    }
  });
});

/** Whole numbers below `most`, the same in every run. */
function seeded(seed: number): (most: number) => number {
  let state = seed;
  return (most) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
}
