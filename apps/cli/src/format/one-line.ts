/** A text as one line of at most `limit` characters; control characters, which could steer a terminal, become blanks. */
export function oneLine(text: string, limit: number): string {
  const flat = text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  const characters = [...flat];
  return characters.length <= limit ? flat : `${characters.slice(0, limit - 3).join('')}...`;
}

/** A text that people may have written, without what could steer a terminal: only newlines and tabs are left of the control characters. */
export function harmless(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, '');
}
