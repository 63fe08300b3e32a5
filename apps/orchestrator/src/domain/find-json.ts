/** A JSON object or array inside a text. */
export interface FoundJson {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  readonly value: object;
}

/** Longer texts are answers, not tool calls; the limits keep the search linear in practice. */
const LONGEST_TEXT = 64 * 1024;
const MAX_TRIES = 64;

/** The outermost JSON objects and arrays of a text, in order, whatever stands around them. */
export function findJson(text: string): readonly FoundJson[] {
  const found: FoundJson[] = [];
  if (text.length > LONGEST_TEXT) return found;
  let tries = 0;
  for (let start = nextOpening(text, 0); start >= 0 && tries < MAX_TRIES; tries++) {
    const end = closingOf(text, start);
    const value = end === undefined ? undefined : parseObject(text.slice(start, end));
    if (end !== undefined && value !== undefined) found.push({ start, end, value });
    start = nextOpening(text, value === undefined || end === undefined ? start + 1 : end);
  }
  return found;
}

function nextOpening(text: string, from: number): number {
  for (let i = from; i < text.length; i++) if (text[i] === '{' || text[i] === '[') return i;
  return -1;
}

/** Just after the bracket that closes the one at `start`; brackets inside JSON strings do not count. */
function closingOf(text: string, start: number): number | undefined {
  let depth = 0;
  let isString = false;
  for (let i = start; i < text.length; i++) {
    const char = text[i];
    if (isString) {
      if (char === '\\') i++;
      else if (char === '"') isString = false;
    } else if (char === '"') isString = true;
    else if (char === '{' || char === '[') depth++;
    else if ((char === '}' || char === ']') && --depth === 0) return i + 1;
  }
  return undefined;
}

/** The object or array of a JSON text; undefined when it is neither or not JSON. */
export function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
