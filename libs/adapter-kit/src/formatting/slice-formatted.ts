import type { Formatted } from '../formatted.js';

/** The text from `start` to `end` (UTF-16 code units, exclusive), with what its spans are there. */
export function sliceFormatted({ text, spans }: Formatted, start: number, end: number): Formatted {
  return {
    text: text.slice(start, end),
    spans: spans.flatMap((span) => {
      const from = Math.max(span.offset, start);
      const to = Math.min(span.offset + span.length, end);
      return to > from ? [{ ...span, offset: from - start, length: to - from }] : [];
    }),
  };
}
