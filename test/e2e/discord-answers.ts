import { discordSigns, type DiscordSign } from '@nexus/testing';

/** What a model says, and what a reader shall see of it: the same text in Markdown, and as signs with their styles. */
interface Saying {
  readonly markdown: string;
  readonly seen: string;
  readonly style: string;
}

const said = (text: string, style = '', [before, after] = ['', '']): Saying => ({ markdown: `${before}${text}${after}`, seen: text, style });
const block = (language: string, text: string): Saying => said(text, 'pre', [`\n\n\`\`\`${language}\n`, '\n```\n\n']);

const SYLLABLES = ['ma', 'né', 'ko', 'ß', '日本', 'ту', 'ر', '🙂', '👩🏽‍🚀', '🇯🇵', 'q̈', '𝒳', 'lo', 'ri'];

/** `length` UTF-16 units of words in many scripts, always the same for the same seed. */
function words(seed: number, length: number): string {
  let text = '';
  for (let i = seed; text.length < length; i++) {
    const syllables = Array.from({ length: 1 + ((i * 7) % 4) }, (_, k) => SYLLABLES[(i * 5 + k * 3) % SYLLABLES.length]);
    text += `${syllables.join('')}${i % 19 === 18 ? '.\n\n' : i % 6 === 5 ? '. ' : ' '}`;
  }
  return text.trim();
}

const program = (seed: number, lines: number): string => Array.from({ length: lines }, (_, i) => `  if (x[${i}] <= ${seed} && *p != '\\\\') { y_${i} = a_b_c + "${'>'.repeat(i % 5)}"; } // ${words(i, 12)}`).join('\n');

const bodies: readonly ((n: number) => readonly Saying[])[] = [
  (n) => [said(words(n, 60))],
  () => [said('very bold', 'bold', ['**', '**']), said(', '), said('slanted', 'italic', ['*', '*']), said(', '), said('gone', 'strike', ['~~', '~~']), said(', '), said('x_y * z', 'code', ['`', '`']), said(' and '), said('a place', 'link', ['[', '](https://example.org/a_b?c=(d)&e=*)'])],
  (n) => [said('A program:'), block('c', program(n, 6)), said('It is short.')],
  () => [said('2 * 3 * 4, snake_case_names, 1 < 2 > 0, @everyone and <@1>, ~5, C:\\dir\\x, |a| and a ]( b')],
  (n) => [said(words(n, 4_000)), block('c', program(n, 40)), said(words(n + 3, 3_500))],
  (n) => [said(words(n, 2_600))],
];

const sayings = (n: number): readonly Saying[] => [said(`Answer ${n}:`, 'bold', ['**', '**']), said(' '), ...(bodies[n % bodies.length]?.(n) ?? [])];

/** What the model says to question `n`. */
export const answerTo = (n: number): string => sayings(n).map(({ markdown }) => markdown).join('');

/** True for answers of 10,000 characters. */
export const isLong = (n: number): boolean => n % bodies.length === 4;

const isSeen = (sign: string): boolean => !/^[\s\u200b]$/u.test(sign);
const styled = ({ sign, styles }: DiscordSign): string => `${sign}${styles.length === 0 ? '' : `{${styles.join('+')}}`}`;

/** The signs of the answer to question `n`, each with its styles; blanks are not among them, since a long answer is parted at blanks. */
export const signsOf = (n: number): string[] => sayings(n).flatMap(({ seen, style }) => [...seen].filter(isSeen).map((sign) => styled({ sign, styles: style === '' ? [] : [style] })));

/** The same of what Discord shows. Throws where it would show something that nobody meant. */
export const signsIn = (content: string): string[] => discordSigns(content).filter(({ sign }) => isSeen(sign)).map(styled);
