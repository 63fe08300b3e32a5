/** An address in a text. */
export interface UrlInText {
  readonly at: number;
  readonly url: string;
}

/** The http(s) addresses in a text, in its order, each once, without the punctuation of the sentence around them. */
export function findUrls(text: string): UrlInText[] {
  const found = new Map<string, UrlInText>();
  for (const match of text.matchAll(/https?:\/\/[^\s<>"'`\u201c\u201d]+/gi)) {
    const url = withoutPunctuation(match[0]);
    if (URL.canParse(url) && !found.has(url)) found.set(url, { at: match.index, url });
  }
  return [...found.values()];
}

function withoutPunctuation(url: string): string {
  let end = url.length;
  while (end > 0 && (/[.,;:!?\]}*_]/.test(url[end - 1] ?? '') || (url[end - 1] === ')' && !url.slice(0, end).includes('(')))) end--;
  return url.slice(0, end);
}
