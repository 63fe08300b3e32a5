import { assertExhaustive } from '@nexus/core';
import type { Formatted, Span } from '../formatted.js';
import { escapeMarkdown } from './escape-markdown.js';

/** Between two marks that would else be read as one. */
const ZERO_WIDTH_SPACE = '\u200b';

/** A span with what stands in it. */
interface Branch {
  readonly span: Span;
  readonly inner: readonly Branch[];
}

/**
 * Markdown (CommonMark with strikes, as Discord has it) that shows this text: every character of the text that means something in Markdown
 * is escaped. Code stays as it is but for runs of backticks that would end it, which get a zero-width space.
 */
export function toMarkdown(formatted: Formatted): string {
  return new MarkdownWriter(formatted.text).write(branchesOf(formatted.spans, 0, formatted.text.length), 0, formatted.text.length);
}

/** The spans as a tree; one that crosses its neighbour ends with it. */
function branchesOf(spans: readonly Span[], from: number, to: number): readonly Branch[] {
  const branches: Branch[] = [];
  for (let place = 0, at = from; place < spans.length; ) {
    const span = spans[place];
    if (span === undefined) break;
    const start = Math.max(span.offset, at);
    const end = Math.min(span.offset + span.length, to);
    let next = place + 1;
    while ((spans[next]?.offset ?? Infinity) < end) next++;
    if (end > start) branches.push({ span: { ...span, offset: start, length: end - start }, inner: branchesOf(spans.slice(place + 1, next), start, end) });
    at = Math.max(at, end);
    place = next;
  }
  return branches;
}

class MarkdownWriter {
  private written = '';
  /** Where a mark ended last. */
  private endedAt = -1;

  constructor(private readonly text: string) {}

  write(branches: readonly Branch[], from: number, to: number): string {
    this.range(branches, from, to);
    return this.written;
  }

  private range(branches: readonly Branch[], from: number, to: number): void {
    let at = from;
    for (const branch of branches) {
      this.plain(at, branch.span.offset);
      this.branch(branch);
      at = branch.span.offset + branch.span.length;
    }
    this.plain(at, to);
  }

  private plain(from: number, to: number): void {
    this.written += escapeMarkdown(this.text.slice(from, to), this.isAtLineStart);
  }

  private get isAtLineStart(): boolean {
    return this.written === '' || /\n(?:> )?$/.test(this.written);
  }

  private branch({ span, inner }: Branch): void {
    const end = span.offset + span.length;
    const text = this.text.slice(span.offset, end);
    switch (span.kind) {
      case 'bold': return this.marked('**', inner, span.offset, end);
      case 'italic': return this.marked('*', inner, span.offset, end);
      case 'strike': return this.marked('~~', inner, span.offset, end);
      case 'code': return this.whole(inlineCode(text));
      case 'pre': return this.whole(`\`\`\`${span.language}\n${text.replaceAll('```', `\`\`${ZERO_WIDTH_SPACE}\``)}\n\`\`\``);
      case 'link': return this.link(span.url, text, inner, span.offset, end);
      case 'quote': return this.quote(inner, span.offset, end);
      default: return assertExhaustive(span);
    }
  }

  /** Marks stand beside words, not beside blanks, or they mark nothing. */
  private marked(mark: string, inner: readonly Branch[], from: number, to: number): void {
    const text = this.text.slice(from, to);
    const start = from + text.length - text.trimStart().length;
    const end = from + text.trimEnd().length;
    if (end <= start) return this.plain(from, to);
    this.plain(from, start);
    this.add(mark);
    this.range(inner.flatMap((branch) => within(branch, start, end)), start, end);
    this.end(mark);
    this.plain(end, to);
  }

  private link(url: string, text: string, inner: readonly Branch[], from: number, to: number): void {
    if (text === url && /^https?:/.test(url)) return this.add(url);
    this.add('[');
    this.range(inner, from, to);
    this.written += `](<${url.replace(/[<>\s]/g, encodeURIComponent)}>)`;
  }

  private quote(inner: readonly Branch[], from: number, to: number): void {
    const quoted = new MarkdownWriter(this.text).write(inner, from, to);
    if (!this.isAtLineStart) this.written += '\n';
    this.written += quoted.split('\n').map((line) => `> ${line}`).join('\n');
  }

  /** Adds marks; one that would meet another's end is kept apart from it. */
  private add(marks: string): void {
    if (this.endedAt === this.written.length && /^[*_~`]/.test(marks)) this.written += ZERO_WIDTH_SPACE;
    this.written += marks;
  }

  private end(mark: string): void {
    this.written += mark;
    this.endedAt = this.written.length;
  }

  private whole(code: string): void {
    this.add(code);
    this.endedAt = this.written.length;
  }
}

function within({ span, inner }: Branch, from: number, to: number): readonly Branch[] {
  const start = Math.max(span.offset, from);
  const end = Math.min(span.offset + span.length, to);
  return end > start ? [{ span: { ...span, offset: start, length: end - start }, inner: inner.flatMap((branch) => within(branch, start, end)) }] : [];
}

/** Fenced by one backtick more than the longest run in it. */
function inlineCode(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  const blank = text.startsWith('`') || text.endsWith('`') ? ' ' : '';
  return `${fence}${blank}${text}${blank}${fence}`;
}
