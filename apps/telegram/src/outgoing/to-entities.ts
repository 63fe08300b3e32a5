import type { Formatted, Span } from '@nexus/adapter-kit';
import { assertExhaustive } from '@nexus/core';
import type { MessageEntity } from 'grammy/types';

/** Telegram takes so many and drops the rest. */
export const MOST_ENTITIES = 100;

interface Range {
  readonly from: number;
  readonly to: number;
}

const isCode = ({ kind }: Span): boolean => kind === 'code' || kind === 'pre';
const isWhole = (span: Span): boolean => isCode(span) || span.kind === 'link';
const rangeOf = ({ offset, length }: Span): Range => ({ from: offset, to: offset + length });
const overlap = (a: Range, b: Range): boolean => a.from < b.to && b.from < a.to;

/**
 * The styles of a text as Telegram shows them without changing anything: nothing lies within code but code, links hold no code, quotes
 * hold no quotes, an address is one that Telegram takes, nothing is cut within a character. A style that Telegram does not know here is
 * left out; the text stays as it is. Of more than Telegram takes the most important ones are kept.
 */
export function toEntities(content: Formatted): MessageEntity[] {
  return mostImportant(shownSpans(content)).toSorted((a, b) => a.offset - b.offset || b.length - a.length).map(toEntity);
}

/** How many entities a text would have, were there no limit. */
export function entityCount(content: Formatted): number {
  return content.spans.length <= MOST_ENTITIES / 4 ? content.spans.length : shownSpans(content).length;
}

function shownSpans({ text, spans }: Formatted): Span[] {
  const inside = spans.flatMap((span) => within(text, span));
  const whole = without(inside.filter((span) => isWhole(span) && (span.kind !== 'link' || isAcceptedUrl(span.url))));
  const quotes = without(inside.filter(({ kind }) => kind === 'quote')).filter((quote) => !whole.some((span) => crosses(quote, span)));
  const code = whole.filter(isCode).map(rangeOf);
  const loose = oneOfAKind(inside.filter((span) => !isWhole(span) && span.kind !== 'quote')).flatMap((span) => cutAround(span, code));
  const uncrossed = loose.flatMap((span) => cutAtEdges(span, [...whole, ...quotes, ...loose].map(rangeOf)));
  return [...whole, ...quotes, ...uncrossed].filter((span) => text.slice(span.offset, span.offset + span.length).trim() !== '');
}

/** A span cut to the text, and to whole characters. */
function within(text: string, span: Span): Span[] {
  const from = Math.max(0, span.offset) + (isInsidePair(text, Math.max(0, span.offset)) ? 1 : 0);
  const end = Math.min(text.length, span.offset + span.length);
  const to = end - (isInsidePair(text, end) ? 1 : 0);
  return to > from ? [{ ...span, offset: from, length: to - from }] : [];
}

const isInsidePair = (text: string, at: number): boolean => /[\ud800-\udbff]/.test(text[at - 1] ?? '') && /[\udc00-\udfff]/.test(text[at] ?? '');

/** Of spans that touch the same text the first. */
function without(spans: readonly Span[]): Span[] {
  const kept: Span[] = [];
  for (const span of spans) if (!kept.some((other) => overlap(rangeOf(other), rangeOf(span)))) kept.push(span);
  return kept;
}

/** Of one kind none lies within another. */
function oneOfAKind(spans: readonly Span[]): Span[] {
  return [...Map.groupBy(spans, ({ kind }) => kind).values()].flatMap(without);
}

function crosses(a: Span, b: Span): boolean {
  const [x, y] = [rangeOf(a), rangeOf(b)];
  const isNested = (x.from <= y.from && x.to >= y.to) || (y.from <= x.from && y.to >= x.to);
  return overlap(x, y) && (!isNested || (isCode(b) && b.length > a.length));
}

/** What is left of a span beside `holes`. */
function cutAround(span: Span, holes: readonly Range[]): Span[] {
  let left: Range[] = [rangeOf(span)];
  for (const hole of holes) {
    left = left.flatMap((part) => (overlap(part, hole) ? [{ from: part.from, to: hole.from }, { from: hole.to, to: part.to }] : [part]));
  }
  return left.filter(({ from, to }) => to > from).map(({ from, to }) => ({ ...span, offset: from, length: to - from }));
}

/** The span in parts, so that it crosses no range: cut where a range that it does not hold, and that does not hold it, begins or ends. */
function cutAtEdges(span: Span, ranges: readonly Range[]): Span[] {
  const { from, to } = rangeOf(span);
  const edges = new Set<number>();
  for (const range of ranges) {
    if (range.from < from && range.to > from && range.to < to) edges.add(range.to);
    if (range.from > from && range.from < to && range.to > to) edges.add(range.from);
  }
  if (edges.size === 0) return [span];
  const stops = [from, ...[...edges].toSorted((a, b) => a - b), to];
  const parts = stops.slice(1).map((stop, i) => ({ ...span, offset: stops[i] ?? from, length: stop - (stops[i] ?? from) }));
  // A range that the whole span held may cross a part of it.
  return parts.flatMap((part) => cutAtEdges(part, ranges));
}

/** Code and links before what only looks different. */
function mostImportant(spans: readonly Span[]): readonly Span[] {
  if (spans.length <= MOST_ENTITIES) return spans;
  return [...spans.filter(isWhole), ...spans.filter((span) => !isWhole(span))].slice(0, MOST_ENTITIES);
}

/** As Telegram checks them: a web address with a dot in its host. */
function isAcceptedUrl(url: string): boolean {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || url.length > 2_000) return false;
  if (parsed.protocol === 'tg:') return !/^tg:\/\/user\?/i.test(url);
  return (parsed.protocol === 'http:' || parsed.protocol === 'https:') && (parsed.hostname.includes('.') || parsed.hostname.startsWith('['));
}

function toEntity(span: Span): MessageEntity {
  const { offset, length } = span;
  switch (span.kind) {
    case 'bold':
    case 'italic':
    case 'code':
      return { type: span.kind, offset, length };
    case 'strike':
      return { type: 'strikethrough', offset, length };
    case 'quote':
      return { type: 'blockquote', offset, length };
    case 'pre':
      return { type: 'pre', offset, length, ...(span.language !== '' && { language: span.language }) };
    case 'link':
      return { type: 'text_link', offset, length, url: span.url };
    default:
      return assertExhaustive(span);
  }
}
