import type { Formatted, Span, SpanStyle } from '../formatted.js';

type OpenSpan = SpanStyle & { offset: number; length: number };

/** Builds a formatted text from left to right. */
export class FormattedBuilder {
  private text = '';
  private readonly spans: OpenSpan[] = [];
  private indent = '';
  private isAtLineStart = true;

  /** Adds text; its lines after the first begin with the indent that holds here. */
  append(text: string): void {
    for (const [place, line] of text.split('\n').entries()) {
      if (place > 0) this.write('\n');
      if (line === '') continue;
      this.writeIndent();
      this.write(line);
    }
  }

  /** Adds text as it is, without any indent: code. */
  appendRaw(text: string): void {
    this.write(text);
  }

  /** What `build` adds looks like this; nothing happens when it adds nothing. */
  styled(style: SpanStyle, build: () => void): void {
    if (style.kind !== 'pre') this.writeIndent();
    const span: OpenSpan = { ...style, offset: this.text.length, length: 0 };
    const place = this.spans.push(span) - 1;
    build();
    span.length = this.text.length - span.offset;
    if (span.length === 0) this.spans.splice(place, 1);
  }

  /** What `build` adds is indented by this much more, from its second line on. */
  indented(by: string, build: () => void): void {
    const before = this.indent;
    this.indent += by;
    build();
    this.indent = before;
  }

  /** Adds `separator` where something stands before. */
  separate(separator: string): void {
    if (this.text !== '') this.write(separator);
  }

  get length(): number {
    return this.text.length;
  }

  build(): Formatted {
    return { text: this.text, spans: this.spans.toSorted((a: Span, b: Span) => a.offset - b.offset || b.length - a.length) };
  }

  private writeIndent(): void {
    if (this.isAtLineStart && this.indent !== '') this.write(this.indent);
    this.isAtLineStart = false;
  }

  private write(text: string): void {
    this.text += text;
    if (text !== '') this.isAtLineStart = text.endsWith('\n');
  }
}
