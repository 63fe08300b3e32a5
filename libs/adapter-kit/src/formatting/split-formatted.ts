import type { Formatted, Span } from '../formatted.js';
import { sliceFormatted } from './slice-formatted.js';
import { afterBreak, breakBefore, lineBreakBefore } from './text-breaks.js';

/** How long a platform finds a text; by default its UTF-16 code units. */
export type Measure = (content: Formatted) => number;

const units: Measure = ({ text }) => text.length;
/** A code block moves to the next piece as a whole, if at least this share of a piece stands before it. */
const LEAST_SHARE = 0.2;

/**
 * A text in pieces of at most `max`. Breaks stand between paragraphs, lines, sentences or words, as good as can be had; inside a grapheme
 * only where it alone is longer, and never inside a surrogate pair. Blanks at a break are left out, a code block that fits into a piece is not
 * broken, and a style goes on in the next piece. Nothing but blanks gives no piece. Throws RangeError when `max` is less than 2.
 */
export function splitFormatted(formatted: Formatted, max: number, measure: Measure = units): Formatted[] {
  if (!(max >= 2)) throw new RangeError(`a piece of ${max} holds nothing`);
  const pieces: Formatted[] = [];
  const { text } = formatted;
  for (let from = 0; from < text.length; ) {
    const { end, next } = pieceFrom(formatted, from, max, measure);
    const piece = trimmed(formatted, from, end);
    if (piece !== undefined) pieces.push(piece);
    from = next;
  }
  return pieces;
}

interface Cut {
  readonly end: number;
  /** Where the next piece begins. */
  readonly next: number;
}

function pieceFrom(formatted: Formatted, from: number, max: number, measure: Measure): Cut {
  const { length } = formatted.text;
  for (let room = Math.min(max, length - from); ; ) {
    const limit = from + room;
    const cut = limit >= length ? { end: length, next: length } : cutBefore(formatted, from, limit, max);
    const excess = measure(sliceFormatted(formatted, from, cut.end)) - max;
    if (excess <= 0 || room <= 2) return cut;
    room = Math.max(2, Math.min(room - 1, cut.end - from - Math.ceil(excess / 2)));
  }
}

function cutBefore(formatted: Formatted, from: number, limit: number, max: number): Cut {
  const { text } = formatted;
  const block = blockAround(formatted, limit);
  if (block === undefined) {
    const place = breakBefore(text, from, limit);
    const passed = blockAround(formatted, place);
    return cutAt(formatted, passed === undefined ? place : endOf(passed));
  }
  if (block.offset > from + max * LEAST_SHARE || (block.offset > from && block.length <= max)) return { end: block.offset, next: block.offset };
  const line = lineBreakBefore(text, Math.max(from, block.offset), limit);
  if (line !== undefined) return { end: line, next: line + 1 };
  const place = breakBefore(text, Math.max(from, block.offset), limit);
  return { end: place, next: place };
}

/** The code block that a break at this place would break. */
function blockAround({ spans }: Formatted, place: number): Span | undefined {
  return spans.find((span) => span.kind === 'pre' && span.offset < place && place < endOf(span));
}

function cutAt({ text, spans }: Formatted, place: number): Cut {
  const nextBlock = spans.find((span) => span.kind === 'pre' && span.offset >= place);
  return { end: place, next: afterBreak(text, place, nextBlock?.offset ?? text.length) };
}

const endOf = (span: Span): number => span.offset + span.length;

/** Without the blanks at its end, unless they are code; undefined when nothing is left. */
function trimmed(formatted: Formatted, from: number, end: number): Formatted | undefined {
  const piece = sliceFormatted(formatted, from, end);
  const kept = piece.text.trimEnd().length;
  const codeEnd = Math.max(0, ...piece.spans.filter(({ kind }) => kind === 'pre').map(endOf));
  if (piece.text.trim() === '') return undefined;
  return sliceFormatted(piece, 0, Math.max(kept, codeEnd));
}
