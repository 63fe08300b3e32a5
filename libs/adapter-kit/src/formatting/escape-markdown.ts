/** Characters with a meaning anywhere in a line of Markdown. */
const ANYWHERE = /[\\*_~`|[\]<>]/g;
const LINE_START = /^([ \t]*)(-#|[-+]|#{1,6}|\d+[.)])(?=[ \t]|$)/gm;
const ADDRESS = /https?:\/\/[^\s<>|]+/g;

/** Text that Markdown shows as it is. Addresses stay as they are, since a backslash would become a part of them. */
export function escapeMarkdown(text: string, isLineStart: boolean): string {
  let escaped = '';
  let end = 0;
  for (const { index, 0: address } of text.matchAll(ADDRESS)) {
    escaped += escapeWords(text.slice(end, index), end === 0 ? isLineStart : false) + address;
    end = index + address.length;
  }
  return escaped + escapeWords(text.slice(end), end === 0 ? isLineStart : false);
}

/** `isLineStart`: the text stands at the beginning of a line; a later line of it does in any case. */
function escapeWords(text: string, isLineStart: boolean): string {
  const escaped = text.replace(ANYWHERE, '\\$&');
  const marker = isLineStart ? '' : '\u0000'; // keeps the first line from looking like a line's beginning
  return (marker + escaped).replace(LINE_START, (_whole, blanks: string, bullet: string) => `${blanks}${bullet.slice(0, -1)}\\${bullet.slice(-1)}`).replace('\u0000', '');
}
