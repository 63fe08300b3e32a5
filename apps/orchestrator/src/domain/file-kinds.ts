/** Pictures that every model which sees pictures can be shown. */
const SEEN: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);

/** True for the media type of a stored picture that models can be shown. */
export function isSeen(mediaType: string): boolean {
  return SEEN.has(mediaType);
}

/** Media types whose content is told to models as text, beside `text/...`. */
export const READ_TYPES: readonly string[] = ['application/json', 'application/xml', 'application/yaml'];
