import type { FakeEntity, FakeMessage } from '@nexus/testing';

/** A part of an answer: what a reader sees, and how. */
interface Segment {
  readonly markdown: string;
  readonly shown: string;
  /** Telegram's names of the styles that its characters have. */
  readonly styles: readonly string[];
}

const plain = (text: string): Segment => ({ markdown: text, shown: text, styles: [] });
const bold = (text: string): Segment => ({ markdown: `**${text}**`, shown: text, styles: ['bold'] });
const italic = (text: string): Segment => ({ markdown: `*${text}*`, shown: text, styles: ['italic'] });
const code = (text: string): Segment => ({ markdown: `\`${text}\``, shown: text, styles: ['code'] });
const link = (text: string, url: string): Segment => ({ markdown: `[${text}](${url})`, shown: text, styles: ['text_link'] });
const block = (language: string, text: string): Segment => ({ markdown: `\n\n\`\`\`${language}\n${text}\n\`\`\`\n\n`, shown: text, styles: ['pre'] });

const WORDS = ['river', 'naïve', 'größer', '東京', 'здравствуйте', 'سلام', '👩‍👩‍👧‍👦', '🇨🇭', 'e\u0301', '👍🏽', 'half', 'answer', 'through', '𝔘𝔫𝔦'];

/** So many kinds of answers there are, told apart by the number of the question. */
const kinds: readonly ((n: number) => Segment[])[] = [
  () => [plain('It is done.')],
  () => [plain('Both '), bold('bold 👍🏽'), plain(' and '), italic('italic 東京'), plain(', with '), code('a*b_c'), plain(' and '), link('a page', 'https://example.com/a?b=(c)'), plain('.')],
  (n) => [plain('Here it is:'), block('ts', `const answer${n} = "<b>&amp;</b>"; // *not* _markup_\nif (a < b && c > d) return [1, 2];`), plain('That was all.')],
  () => [plain('Signs that mean nothing: 3 * 4 = 12, snake_case_name, a < b & c > d, 50 % ~ half, C:\\path.')],
  () => [plain(Array.from({ length: 120 }, (_, i) => WORDS[i % WORDS.length]).join(' '))],
  (n) => [...paragraphs(n, 3_000), block('py', Array.from({ length: 120 }, (_, i) => `print(${i}, "line ${i} 🐍")`).join('\n')), ...paragraphs(n + 1, 4_000)],
];

function paragraphs(n: number, length: number): Segment[] {
  const made: Segment[] = [];
  for (let i = 0, size = 0; size < length; i++) {
    const text = `Paragraph ${i} of ${n}: ${Array.from({ length: 30 }, (_, k) => WORDS[(n + i * 7 + k) % WORDS.length]).join(' ')}.`;
    made.push(plain(text), { markdown: '\n\n', shown: '\n\n', styles: [] });
    size += text.length;
  }
  return made;
}

/** Not in step with the places, so that every place gets every kind. */
const kindOf = (n: number): number => Math.floor(n / 7) % kinds.length;

function segmentsOf(n: number): Segment[] {
  const made = kinds[kindOf(n)]?.(n) ?? [];
  return [bold(`Answer ${n}.`), plain(' '), ...made];
}

/** What the model says to question `n`. */
export function answerOf(n: number): string {
  return segmentsOf(n).map(({ markdown }) => markdown).join('');
}

/** True when the answer is longer than two messages. */
export const isLongAnswer = (n: number): boolean => kindOf(n) === kinds.length - 1;

/** A character that is seen, and its styles; white space is not looked at, because a text may be parted there. */
const letter = (sign: string, styles: readonly string[]): string => `${sign}${styles.length === 0 ? '' : `<${styles.toSorted().join()}>`}`;

/** What people shall read as the answer to question `n`, character by character. */
export function lettersOf(n: number): string[] {
  return segmentsOf(n).flatMap(({ shown, styles }) => [...shown].filter((sign) => sign.trim() !== '').map((sign) => letter(sign, styles)));
}

/** What people read in a message, in the same form. */
export function lettersIn({ text, entities }: Pick<FakeMessage, 'text' | 'entities'>): string[] {
  const letters: string[] = [];
  let at = 0;
  for (const sign of text) {
    if (sign.trim() !== '') letters.push(letter(sign, stylesAt(entities, at)));
    at += sign.length;
  }
  return letters;
}

function stylesAt(entities: readonly FakeEntity[], at: number): string[] {
  return entities.filter(({ offset, length }) => at >= offset && at < offset + length).map(({ type }) => type);
}
