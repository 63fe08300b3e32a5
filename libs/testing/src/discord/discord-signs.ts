/** A sign of a message as people see it. */
export interface DiscordSign {
  readonly sign: string;
  /** `bold`, `italic`, `strike`, `code`, `pre`, `link`, `quote`: sorted. */
  readonly styles: readonly string[];
}

const MARKS: readonly (readonly [mark: string, style: string])[] = [['**', 'bold'], ['~~', 'strike'], ['*', 'italic'], ['_', 'italic']];

/**
 * Reads the Markdown of a message as Discord does: what people see of it, sign by sign, zero-width spaces left out. It is strict: it throws where
 * a mark has no end or where a line begins with the mark of a list or a heading, which nobody here means.
 */
export function discordSigns(content: string): DiscordSign[] {
  return read(content, []);
}

function read(content: string, outer: readonly string[]): DiscordSign[] {
  const signs: DiscordSign[] = [];
  const open: string[] = [];
  let quote: readonly string[] = [];
  const add = (text: string, ...more: readonly string[]): void => {
    const styles = [...outer, ...quote, ...open, ...more].toSorted();
    for (const sign of text) if (sign !== '\u200b') signs.push({ sign, styles });
  };
  for (let at = 0; at < content.length; ) {
    const rest = content.slice(at);
    const isLineStart = at === 0 || content[at - 1] === '\n';
    if (isLineStart) quote = rest.startsWith('> ') ? ['quote'] : [];
    if (isLineStart && quote.length > 0) {
      at += 2;
      continue;
    }
    const isAfterQuoteMark = quote.length > 0 && content.slice(at - 3, at).endsWith('> ');
    if ((isLineStart || isAfterQuoteMark) && /^[ \t]*(?:#{1,3}|-#|>|[-*+]|\d+[.)])[ \t]/.test(rest)) throw new Error(`a line begins with a mark: ${rest.slice(0, 40)}`);
    at += take(rest, { add, open, nested: (text) => signs.push(...read(text, [...outer, ...quote, ...open, 'link'])) });
  }
  if (open.length > 0) throw new Error(`${open.join(' and ')} without an end: ${content.slice(-60)}`);
  return signs;
}

interface Reading {
  readonly add: (text: string, ...more: readonly string[]) => void;
  /** The styles that have begun. */
  readonly open: string[];
  readonly nested: (text: string) => void;
}

/** Takes one sign, mark or whole; gives how long it is. */
function take(rest: string, { add, open, nested }: Reading): number {
  const [fence, inFence = ''] = /^```(?:[\w+#.-]*\n)?([\s\S]*?)\n?```/.exec(rest) ?? [];
  const [code, , inCode = ''] = /^(`+)(?!`)([\s\S]*?[^`])\1(?!`)/.exec(rest) ?? [];
  const [link, inLink = ''] = /^\[((?:\\.|[^\]\\])*)\]\(<[^>\s]*>\)/.exec(rest) ?? [];
  const [address] = /^https?:\/\/[^\s<>]+/.exec(rest) ?? [];
  const [escaped, inEscape = ''] = /^\\([!-/:-@[-`{-~])/.exec(rest) ?? [];
  // Of three stars the inner mark ends first.
  const [mark, style] = rest.startsWith('***') && open.at(-1) === 'italic' ? ['*', 'italic'] : (MARKS.find(([text]) => rest.startsWith(text)) ?? []);
  const one = String.fromCodePoint(rest.codePointAt(0) ?? 0);
  if (fence !== undefined) add(inFence, 'pre');
  else if (code !== undefined) add(/^ .* $/s.test(inCode) ? inCode.slice(1, -1) : inCode, 'code');
  else if (link !== undefined) nested(inLink);
  else if (address !== undefined) add(address);
  else if (escaped !== undefined) add(inEscape);
  else if (style !== undefined && open.at(-1) === style) open.pop();
  else if (style !== undefined) open.push(style);
  else if (one === '`' || one === '|' || one === '<') throw new Error(`a mark stands open: ${rest.slice(0, 40)}`);
  else add(one);
  return (fence ?? code ?? link ?? address ?? escaped ?? mark ?? one).length;
}
