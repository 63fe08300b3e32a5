const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
const words = new Intl.Segmenter(undefined, { granularity: 'word' });
/** What stands behind a place says whether it parts a grapheme: so much of it is looked at. */
const LOOK_AHEAD = 64;
/** So far back a break between words is looked for where there are no blanks. */
const LOOK_BACK = 200;
const SENTENCE_END = /[.!?…]["'”’)\]]*\s|[。！？]/g;

/** How good a place for a break is, best first, and which share of a piece must at least be used for it. */
const kinds = [
  { find: lastParagraph, share: 0.5 },
  { find: lastLine, share: 0.5 },
  { find: lastSentence, share: 0.5 },
  { find: lastBlank, share: 0 },
  { find: lastWord, share: 0 },
] as const;

/**
 * The best place at or before `limit` to break the text that begins at `from`: between paragraphs, lines, sentences, words, else between
 * graphemes; inside of one only where it alone is too long, and never inside a surrogate pair. Always behind `from`.
 */
export function breakBefore(text: string, from: number, limit: number): number {
  for (const { find, share } of kinds) {
    const place = find(text, from, limit);
    if (place > from + (limit - from) * share && isBetweenGraphemes(text, from, place)) return place;
  }
  return lastGrapheme(text, from, limit);
}

/** The last line break at or before `limit`, in code, where lines are what counts; undefined when the line began at `from`. */
export function lineBreakBefore(text: string, from: number, limit: number): number | undefined {
  const place = lastLine(text, from, limit);
  return place > from && isBetweenGraphemes(text, from, place) ? place : undefined;
}

/** Where the text goes on after a break: behind the blanks that the break stands for, but not behind the indent of a new line, nor behind `stop`. */
export function afterBreak(text: string, place: number, stop: number): number {
  const isSkipped = (at: number, blanks: string): boolean => at < stop && blanks.includes(text[at] ?? '?') && isBetweenGraphemes(text, place, at + 1);
  let at = place;
  while (isSkipped(at, ' \t')) at++;
  while (isSkipped(at, '\n')) at++;
  return at;
}

function isBetweenGraphemes(text: string, from: number, place: number): boolean {
  return place >= text.length || startOfGrapheme(text, from, place) === place;
}

/** The last place between graphemes at or before this one; where there is none behind `from`, the place itself, but not inside a surrogate pair. */
function lastGrapheme(text: string, from: number, place: number): number {
  const start = startOfGrapheme(text, from, place);
  if (start > from) return start;
  const isInPair = /[\ud800-\udbff]/.test(text[place - 1] ?? '') && /[\udc00-\udfff]/.test(text[place] ?? '');
  return isInPair && place - 1 > from ? place - 1 : place;
}

/** Where the grapheme begins that holds this place. */
function startOfGrapheme(text: string, from: number, place: number): number {
  return from + (graphemes.segment(text.slice(from, place + LOOK_AHEAD)).containing(place - from)?.index ?? place - from);
}

function lastParagraph(text: string, _from: number, limit: number): number {
  return text.lastIndexOf('\n\n', limit);
}

function lastLine(text: string, _from: number, limit: number): number {
  return text.lastIndexOf('\n', limit);
}

function lastSentence(text: string, from: number, limit: number): number {
  let last = -1;
  for (const { index, 0: end } of text.slice(from, limit + 1).matchAll(SENTENCE_END)) {
    const place = from + index + end.trimEnd().length;
    if (place <= limit) last = place;
  }
  return last;
}

function lastBlank(text: string, from: number, limit: number): number {
  for (let at = limit; at > from; at--) if (/\s/.test(text[at] ?? '')) return at;
  return -1;
}

function lastWord(text: string, from: number, limit: number): number {
  const start = Math.max(from, limit - LOOK_BACK);
  const window = text.slice(start, limit + LOOK_AHEAD);
  const place = words.segment(window).containing(limit - start)?.index ?? 0;
  return place > 0 ? start + place : -1;
}
