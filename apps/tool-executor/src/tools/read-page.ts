// Loaded into an isolated process: imports packages only, nothing by relative path.
import { Readability } from '@mozilla/readability';
import { parseHTML } from 'linkedom';

/** What a person would read on a page, as plain text with `#` before headings and `-` before list items. */
export interface ReadablePage {
  readonly title: string;
  readonly text: string;
}

/** The little of the DOM that is used here. */
interface PageNode {
  readonly nodeType: number;
  readonly nodeName: string;
  readonly nodeValue: string | null;
  readonly childNodes: ArrayLike<PageNode>;
  readonly textContent: string | null;
  getAttribute(name: string): string | null;
}
interface PageDocument {
  readonly body: PageNode;
  querySelector(selector: string): PageNode | null;
}

const ELEMENT = 1;
const TEXT = 3;
/** An article shorter than this is taken for a failed guess, and the whole body is read instead. */
const MIN_ARTICLE_LENGTH = 200;
/** Readability calls itself level by level and searches upwards: beyond this it is slow, then out of stack. */
const MAX_ARTICLE_DEPTH = 500;

const UNREAD = new Set(['SCRIPT', 'STYLE', 'NOSCRIPT', 'TEMPLATE', 'SVG', 'MATH', 'HEAD', 'TITLE', 'IFRAME', 'OBJECT', 'CANVAS', 'AUDIO', 'VIDEO', 'BUTTON', 'SELECT', 'TEXTAREA', 'DIALOG']);
const PARAGRAPHS = new Set(['P', 'H1', 'H2', 'H3', 'H4', 'H5', 'H6', 'UL', 'OL', 'DL', 'PRE', 'TABLE', 'BLOCKQUOTE', 'FIGURE', 'SECTION', 'ARTICLE', 'HEADER', 'FOOTER', 'NAV', 'ASIDE', 'MAIN', 'FORM', 'HR']);
const LINES = new Set(['DIV', 'LI', 'DT', 'DD', 'TR', 'BR', 'CAPTION', 'FIGCAPTION', 'ADDRESS', 'OPTION', 'BODY', 'HTML', 'LEGEND', 'SUMMARY', 'DETAILS']);

/** Readable text of an HTML page: the article where one can be told, else everything visible. Scripts are not run, frames not loaded. */
export function readPage({ html }: { readonly html: string }): ReadablePage {
  const document = parse(html);
  const title = oneLine(document.querySelector('title')?.textContent ?? '');
  const whole = visibleText(document.body);
  // Readability rearranges the document it is given, but nobody needs it any more.
  const article = whole.depth > MAX_ARTICLE_DEPTH ? null : new Readability(document).parse();
  const articleText = article?.content ? visibleText(parse(article.content).body).text : '';
  return { title: oneLine(article?.title ?? '') || title, text: articleText.length >= MIN_ARTICLE_LENGTH ? articleText : whole.text };
}

function parse(html: string): PageDocument {
  // linkedom gives a document without <html> no body.
  const complete = /<html[\s>]/i.test(html) ? html : `<!doctype html><html><head></head><body>${html}</body></html>`;
  return (parseHTML(complete) as { readonly document: PageDocument }).document;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

/** The text and how deep elements nest. No recursion: pages nest as deep as they like. */
function visibleText(root: PageNode): { readonly text: string; readonly depth: number } {
  const text = new TextLines();
  let [depth, deepest] = [0, 0];
  const open: (PageNode | (() => void))[] = [root];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next === 'function') {
      next();
    } else if (next.nodeType === TEXT) {
      text.add(next.nodeValue ?? '');
    } else if (next.nodeType === ELEMENT && !isUnread(next)) {
      const leave = text.enter(next.nodeName.toUpperCase());
      deepest = Math.max(deepest, ++depth);
      open.push(() => {
        depth--;
        leave();
      });
      for (let at = next.childNodes.length - 1, children = next.childNodes; at >= 0; at--) open.push(children[at]!);
    }
  }
  return { text: text.toString(), depth: deepest };
}

/** Hidden text is not what a person reads; it is a favourite place for instructions to models. */
function isUnread(element: PageNode): boolean {
  if (UNREAD.has(element.nodeName.toUpperCase()) || element.getAttribute('hidden') !== null || element.getAttribute('aria-hidden') === 'true') return true;
  return /(?:display\s*:\s*none|visibility\s*:\s*hidden)/i.test(element.getAttribute('style') ?? '');
}

class TextLines {
  readonly #parts: string[] = [];
  /** Line breaks due before the next text; 2 is an empty line. */
  #breaks = 0;
  #hasSpace = false;
  #preformatted = 0;
  #prefix = '';

  /** Begins an element; the returned function ends it. */
  enter(name: string): () => void {
    const breaks = PARAGRAPHS.has(name) ? 2 : LINES.has(name) ? 1 : 0;
    this.#break(breaks);
    if (/^H[1-6]$/.test(name)) this.#prefix = `${'#'.repeat(Number(name[1]))} `;
    if (name === 'LI') this.#prefix = '- ';
    if (name === 'PRE') this.#preformatted++;
    return () => {
      if (name === 'PRE') this.#preformatted--;
      if (name === 'TD' || name === 'TH') this.#separateCells();
      this.#break(breaks);
    };
  }

  add(text: string): void {
    if (this.#preformatted > 0) {
      this.#write(text);
      return;
    }
    const words = text.replaceAll(/\s+/g, ' ').trim();
    if (/^\s/.test(text)) this.#hasSpace = true;
    if (words === '') return;
    this.#write(words);
    this.#hasSpace = /\s$/.test(text);
  }

  toString(): string {
    return this.#parts
      .join('')
      .split('\n')
      .map((line) => line.trimEnd().replace(/ \|$/, ''))
      .join('\n')
      .replaceAll(/\n{3,}/g, '\n\n')
      .trim();
  }

  #write(text: string): void {
    if (this.#breaks > 0) this.#parts.push('\n'.repeat(this.#breaks));
    else if (this.#hasSpace) this.#parts.push(' ');
    this.#parts.push(this.#prefix, text);
    this.#breaks = 0;
    this.#hasSpace = false;
    this.#prefix = '';
  }

  #break(count: number): void {
    this.#breaks = Math.max(this.#breaks, count);
  }

  #separateCells(): void {
    this.#breaks = 0;
    this.#hasSpace = true;
    this.#write('|');
    this.#hasSpace = true;
  }
}
