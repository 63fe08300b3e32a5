/** A text in `count` pieces of nearly the same length, fewer when it has fewer characters; without a count, word by word. */
export function splitText(text: string, count: number | undefined): string[] {
  if (count === undefined) return text.match(/\s*\S+|\s+/g) ?? [];
  const characters = [...text];
  const pieces = Math.min(count, characters.length);
  return Array.from({ length: pieces }, (_, i) => characters.slice(Math.floor((i * characters.length) / pieces), Math.floor(((i + 1) * characters.length) / pieces)).join(''));
}
