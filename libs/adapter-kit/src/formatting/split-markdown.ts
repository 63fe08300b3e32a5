import { fromMarkdown } from './from-markdown.js';
import { splitFormatted } from './split-formatted.js';
import { toMarkdown } from './to-markdown.js';

/** Markdown in pieces of at most `max` UTF-16 code units, each of them whole Markdown; breaks stand as splitFormatted() puts them. */
export function splitMarkdown(markdown: string, max: number): string[] {
  return splitFormatted(fromMarkdown(markdown), max, (content) => toMarkdown(content).length).map(toMarkdown);
}
