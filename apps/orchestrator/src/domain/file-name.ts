const LONGEST = 255;
const NAMELESS = 'file';

/** A name under which a file may stand in a sentence and in a folder: no path, no control characters, one line, at most 255 characters. */
export function fileName(name: string): string {
  const last = name.toWellFormed().split(/[/\\]/).at(-1) ?? '';
  const plain = last.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').trim();
  return [...plain].slice(0, LONGEST).join('') || NAMELESS;
}
