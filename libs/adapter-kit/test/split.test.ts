import { fromMarkdown, plain, splitFormatted, splitMarkdown, toMarkdown, type Formatted, type Span } from '../src/index.js';
import { describe, expect, it } from 'vitest';
import { seeded } from './seeded.js';

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
const WORDS = ['a', 'word', 'Wörter', '日本語のテキスト', '👩‍👩‍👧‍👦', '🇩🇪🇫🇷', 'e\u0301\u0301', '😀😀', 'https://example.com/a_b?c=d', 'z'.repeat(90), '한국어', '...', 'end.', 'really?', '\u200d'];
const BLANKS = [' ', ' ', ' ', '\n', '\n\n', '  \n', '\t'];

/** A text with spans, of any length up to `most` words. */
function anyText(random: () => number, most: number): Formatted {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  let text = '';
  const spans: Span[] = [];
  for (let count = Math.floor(random() * most); count > 0; count--) {
    const start = text.length;
    const isCode = random() < 0.05;
    text += isCode ? 'code:\n' + Array.from({ length: Math.ceil(random() * 12) }, () => `${pick(['', '  ', '    '])}${pick(WORDS)} ${pick(WORDS)}`).join('\n') : pick(WORDS);
    if (isCode) spans.push({ kind: 'pre', language: 'ts', offset: start, length: text.length - start });
    else if (random() < 0.2) spans.push({ kind: pick(['bold', 'italic', 'code', 'strike'] as const), offset: start, length: text.length - start });
    text += isCode ? '\n\n' : pick(BLANKS);
  }
  return { text, spans };
}

/** Every character that is no blank, with how it looks. */
function looks({ text, spans }: Formatted): string[] {
  return Array.from({ length: text.length }, (_, at) => {
    const styles = spans.filter(({ offset, length }) => offset <= at && at < offset + length).map(({ kind }) => kind);
    return `${text[at]} ${styles.toSorted().join()}`;
  }).filter((look) => look.trim() !== '' && !/^\s/.test(look));
}

describe('splitFormatted', () => {
  it.each(Array.from({ length: 60 }, (_, seed) => seed + 1))('keeps every character and its looks, in pieces that fit, and parts no grapheme (seed %i)', (seed) => {
    const random = seeded(seed);
    const formatted = anyText(random, 120);
    const max = 40 + Math.floor(random() * 400);
    const pieces = splitFormatted(formatted, max);
    expect(pieces.flatMap(looks)).toEqual(looks(formatted));
    const whole = new Set([...graphemes.segment(formatted.text)].map(({ segment }) => segment));
    for (const { text, spans } of pieces) {
      expect(text.length).toBeLessThanOrEqual(max);
      expect(text.length).toBeGreaterThan(0);
      expect(text.isWellFormed()).toBe(true);
      for (const { segment } of graphemes.segment(text)) expect(whole).toContain(segment);
      for (const { offset, length } of spans) expect(length > 0 && offset + length <= text.length).toBe(true);
    }
  });

  it.each(Array.from({ length: 40 }, (_, seed) => seed + 100))('breaks a word only where it is longer than a piece, and no code block that fits (seed %i)', (seed) => {
    const random = seeded(seed);
    const formatted = anyText(random, 150);
    const max = 200;
    const pieces = splitFormatted(formatted, max);
    for (const [place, { text }] of pieces.slice(0, -1).entries()) {
      const next = pieces[place + 1]?.text ?? '';
      const joined = formatted.text.includes(text.slice(-20) + next.slice(0, 20)) && /\S$/.test(text) && /^\S/.test(next);
      const word = (/\S*$/.exec(text)?.[0] ?? '') + (/^\S*/.exec(next)?.[0] ?? '');
      if (joined && !/[.!?…。！？]["'”’)\]]*$/.test(text)) expect(word.length).toBeGreaterThan(max / 2);
    }
    const blocks = formatted.spans.filter(({ kind, length }) => kind === 'pre' && length <= max);
    const shown = pieces.flatMap(({ text, spans }) => spans.filter(({ kind }) => kind === 'pre').map(({ offset, length }) => text.slice(offset, offset + length)));
    for (const { offset, length } of blocks) expect(shown).toContain(formatted.text.slice(offset, offset + length));
  });

  it('prefers the end of a paragraph, then of a line, of a sentence, of a word', () => {
    const texts = (text: string, max: number): string[] => splitFormatted(plain(text), max).map((piece) => piece.text);
    expect(texts('aaaa aaaa aaaa.\n\nbbbb bbbb. cc', 26)).toEqual(['aaaa aaaa aaaa.', 'bbbb bbbb. cc']);
    expect(texts('aaaa aaaa aaaa.\nbbbb bbbb. cc', 26)).toEqual(['aaaa aaaa aaaa.', 'bbbb bbbb. cc']);
    expect(texts('aaaa aaaa aaaa. bbbb bbbb', 20)).toEqual(['aaaa aaaa aaaa.', 'bbbb bbbb']);
    expect(texts('aaaa aaaa aaaa bbbb', 11)).toEqual(['aaaa aaaa', 'aaaa bbbb']);
    expect(texts('aaaaaaaaaa', 4)).toEqual(['aaaa', 'aaaa', 'aa']);
    expect(texts('👩‍👩‍👧‍👦👩‍👩‍👧‍👦', 12)).toEqual(['👩‍👩‍👧‍👦', '👩‍👩‍👧‍👦']);
    expect(texts('😀😀😀', 3)).toEqual(['😀', '😀', '😀']);
  });

  it('keeps every line and every indent of code, and breaks it between lines', () => {
    const code = Array.from({ length: 60 }, (_, i) => `${'  '.repeat(i % 4)}line ${i};`).join('\n');
    const pieces = splitFormatted(fromMarkdown(`Look:\n\n\`\`\`ts\n${code}\n\`\`\`\n\nDone.`), 200);
    const shown = pieces.flatMap(({ text, spans }) => spans.filter(({ kind }) => kind === 'pre').map(({ offset, length }) => text.slice(offset, offset + length)));
    expect(shown.join('\n')).toBe(code);
    expect(pieces.at(-1)?.text).toContain('Done.');
  });

  it('gives nothing for blanks, and refuses a length that holds nothing', () => {
    expect(splitFormatted(plain(' \n\n '), 10)).toEqual([]);
    expect(splitFormatted(plain(''), 10)).toEqual([]);
    expect(() => splitFormatted(plain('a'), 1)).toThrow(RangeError);
    expect(() => splitFormatted(plain('a'), NaN)).toThrow(RangeError);
  });

  it('is quick with very long texts', () => {
    const startedAt = performance.now();
    expect(splitFormatted(plain('word '.repeat(100_000)), 4_096).length).toBeGreaterThan(100);
    expect(splitFormatted(plain('x'.repeat(300_000)), 4_096)).toHaveLength(74);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });
});

describe('splitMarkdown', () => {
  it.each(Array.from({ length: 40 }, (_, seed) => seed + 1))('gives whole Markdown that fits and shows everything (seed %i)', (seed) => {
    const random = seeded(seed);
    const formatted = anyText(random, 80);
    const pieces = splitFormatted(formatted, 180, (content) => toMarkdown(content).length);
    for (const piece of pieces) expect(toMarkdown(piece).length).toBeLessThanOrEqual(180);
    expect(pieces.flatMap(looks)).toEqual(looks(formatted));
  });

  it('closes and opens code blocks', () => {
    const pieces = splitMarkdown(`\`\`\`js\n${'line();\n'.repeat(30)}\`\`\``, 100);
    expect(pieces.length).toBeGreaterThan(2);
    for (const piece of pieces) expect(piece).toMatch(/^```js\n[\s\S]*\n```$/);
  });
});

describe('toMarkdown', () => {
  const hostile = '*a* _b_ **c** __d__ ~~e~~ ||f|| `g` ```h``` [i](j) <k> \\l #m > n - o @everyone <@1>';

  it('shows every character of a plain text', () => {
    for (const text of [hostile, '# no head', '- no list', '12. no list', '> no quote', '-# no small print', '1) no list']) {
      expect(fromMarkdown(toMarkdown(plain(text))).text).toBe(text);
      expect(fromMarkdown(toMarkdown(plain(text))).spans).toEqual([]);
    }
  });

  it.each(Array.from({ length: 40 }, (_, seed) => seed + 1))('is read back as it was (seed %i)', (seed) => {
    const random = seeded(seed);
    const words = Array.from({ length: 30 }, () => WORDS[Math.floor(random() * WORDS.length)] ?? '');
    const text = words.filter((word) => !word.includes('http') && !/^[.\u200d]/.test(word)).join(' ');
    const start = Math.floor(random() * 3);
    const bold = words.length > start ? text.split(' ').slice(start, start + 2).join(' ') : '';
    const offset = text.indexOf(bold);
    const formatted: Formatted = { text, spans: bold === '' ? [] : [{ kind: 'bold', offset, length: bold.length }] };
    expect(fromMarkdown(toMarkdown(formatted)).text.replaceAll('\u200b', '')).toBe(text);
    expect(fromMarkdown(toMarkdown(formatted)).spans.filter(({ kind }) => kind === 'bold').map((span) => fromMarkdown(toMarkdown(formatted)).text.slice(span.offset, span.offset + span.length))).toEqual(bold === '' ? [] : [bold]);
  });

  it('writes each look, inside each other and beside each other', () => {
    expect(toMarkdown(fromMarkdown('**b *bi* b** ~~s~~ `c` [l](https://x.y/a_(b))'))).toBe('**b *bi* b** ~~s~~ `c` [l](<https://x.y/a_(b)>)');
    expect(toMarkdown({ text: 'ab', spans: [{ kind: 'bold', offset: 0, length: 1 }, { kind: 'italic', offset: 1, length: 1 }] })).toBe('**a**\u200b*b*');
    expect(toMarkdown({ text: ' a b ', spans: [{ kind: 'bold', offset: 0, length: 5 }] })).toBe(' **a b** ');
    expect(toMarkdown({ text: 'a`b', spans: [{ kind: 'code', offset: 0, length: 3 }] })).toBe('``a`b``');
    expect(toMarkdown({ text: '```', spans: [{ kind: 'pre', language: 'md', offset: 0, length: 3 }] })).toBe('```md\n``\u200b`\n```');
    expect(toMarkdown(fromMarkdown('> q1\n> q2\n\nafter'))).toBe('> q1\n> q2\n\nafter');
    expect(toMarkdown(fromMarkdown('see https://x.y/a_b_c and <https://x.y/*d*>'))).toBe('see https://x.y/a_b_c and https://x.y/*d*');
  });
});
