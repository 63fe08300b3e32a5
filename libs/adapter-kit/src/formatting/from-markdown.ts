import { lexer, type MarkedToken, type Token, type Tokens } from 'marked';
import { plain, type Formatted } from '../formatted.js';
import { decodeEntities } from './entities.js';
import { FormattedBuilder } from './formatted-builder.js';
import { tableText } from './table-text.js';

const PARAGRAPH = '\n\n';
const LINE = '\n';
const BREAK_TAG = /^<br\s*\/?>$/i;

/**
 * Markdown as models write it (CommonMark with GitHub's tables, lists of tasks and strikes) as text and spans. Headings become bold, tables
 * aligned code, list items `•` or their number, images links; HTML stays the text that it is. Never throws: what cannot be understood is
 * shown as it was written.
 */
export function fromMarkdown(markdown: string): Formatted {
  try {
    const builder = new FormattedBuilder();
    new MarkdownWalk(builder).blocks(lexer(markdown), PARAGRAPH);
    return builder.build();
  } catch {
    return plain(markdown); // nested too deeply for the parser's stack
  }
}

class MarkdownWalk {
  private isInQuote = false;

  constructor(private readonly out: FormattedBuilder) {}

  blocks(tokens: readonly Token[], separator: string): void {
    const start = this.out.length;
    for (const token of tokens as readonly MarkedToken[]) {
      if (token.type === 'space' || token.type === 'checkbox') continue;
      if (this.out.length > start) this.out.separate(separator);
      this.block(token);
    }
  }

  private block(token: MarkedToken): void {
    switch (token.type) {
      case 'heading': return this.out.styled({ kind: 'bold' }, () => this.inlines(token.tokens));
      case 'paragraph': return this.inlines(token.tokens);
      case 'code': return this.code(token);
      case 'blockquote': return this.quote(token);
      case 'list': return this.list(token);
      case 'table': return this.out.styled({ kind: 'pre', language: '' }, () => this.out.appendRaw(tableText(rowsOf(token))));
      case 'hr': return this.out.append('———');
      case 'html': return this.out.append(withBreaks(token.text.trimEnd()));
      case 'def': return this.out.append(token.raw.trimEnd());
      case 'text': return token.tokens === undefined ? this.out.append(decodeEntities(token.text)) : this.inlines(token.tokens);
      default: return this.inline(token);
    }
  }

  private code({ text, lang }: Tokens.Code): void {
    this.out.styled({ kind: 'pre', language: languageOf(lang) }, () => this.out.appendRaw(text));
  }

  /** Platforms do not nest quotes: an inner one is a part of the outer. */
  private quote({ tokens }: Tokens.Blockquote): void {
    if (this.isInQuote) return this.blocks(tokens, PARAGRAPH);
    this.isInQuote = true;
    this.out.styled({ kind: 'quote' }, () => this.blocks(tokens, PARAGRAPH));
    this.isInQuote = false;
  }

  private list({ items, ordered, start }: Tokens.List): void {
    for (const [place, item] of items.entries()) {
      if (place > 0) this.out.separate(LINE);
      const bullet = item.task ? (item.checked === true ? '☑ ' : '☐ ') : ordered ? `${(start === '' ? 1 : start) + place}. ` : '• ';
      this.out.append(bullet);
      this.out.indented(' '.repeat(bullet.length), () => this.blocks(item.tokens, LINE));
    }
  }

  inlines(tokens: readonly Token[]): void {
    for (const token of tokens as readonly MarkedToken[]) this.inline(token);
  }

  private inline(token: MarkedToken): void {
    switch (token.type) {
      case 'strong': return this.out.styled({ kind: 'bold' }, () => this.inlines(token.tokens));
      case 'em': return this.out.styled({ kind: 'italic' }, () => this.inlines(token.tokens));
      case 'del': return this.out.styled({ kind: 'strike' }, () => this.inlines(token.tokens));
      case 'codespan': return this.out.styled({ kind: 'code' }, () => this.out.appendRaw(token.text));
      case 'br': return this.out.append(LINE);
      case 'link': return this.link(token.href, () => this.inlines(token.tokens));
      case 'image': return this.link(token.href, () => this.out.append(decodeEntities(token.text) || 'image'));
      case 'html': return this.out.append(BREAK_TAG.test(token.raw.trim()) ? LINE : token.raw);
      case 'escape': return this.out.append(token.text);
      case 'text': return token.tokens === undefined ? this.out.append(decodeEntities(token.text)) : this.inlines(token.tokens);
      case 'checkbox': return;
      default: return this.out.append(token.raw);
    }
  }

  /** An address that no platform opens is told in words. */
  private link(href: string, label: () => void): void {
    if (/^(?:https?|mailto|tel|tg):/i.test(href) && !/\s/.test(href)) return this.out.styled({ kind: 'link', url: href }, label);
    label();
    if (href !== '' && !href.startsWith('data:')) this.out.append(` (${href})`);
  }
}

function withBreaks(html: string): string {
  return html.replace(/<br\s*\/?>\n?/gi, LINE);
}

/** The first word of a fence's info string, as far as it can be a language's name. */
function languageOf(info: string | undefined): string {
  return /^[\w+#.-]{1,32}/.exec(info ?? '')?.[0] ?? '';
}

function rowsOf({ header, rows }: Tokens.Table): readonly (readonly string[])[] {
  return [header, ...rows].map((row) => row.map(({ tokens }) => textOf(tokens)));
}

function textOf(tokens: readonly Token[]): string {
  const builder = new FormattedBuilder();
  new MarkdownWalk(builder).inlines(tokens);
  return builder.build().text.replace(/\s*\n\s*/g, ' ');
}
