import { findJson, parseObject } from './find-json.js';

/**
 * The arguments of a call as the text of one JSON object, from what models write instead: nothing at all, JSON inside a JSON string, a
 * code fence, prose around it. Undefined when there is no JSON object in it.
 */
export function argumentJson(written: string): string | undefined {
  const text = written.trim();
  if (text === '' || text === 'null') return '{}';
  if (isObject(parseObject(text))) return text;
  const inner = unquoted(text);
  if (inner !== undefined) return argumentJson(inner);
  const [only, ...others] = findJson(text);
  return only !== undefined && others.length === 0 && isObject(only.value) ? text.slice(only.start, only.end) : undefined;
}

const isObject = (value: object | undefined): boolean => value !== undefined && !Array.isArray(value);

/** The text that a JSON string holds. */
function unquoted(text: string): string | undefined {
  if (!text.startsWith('"')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
