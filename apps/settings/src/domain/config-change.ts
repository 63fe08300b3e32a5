import { tenantConfigFaults } from '@nexus/contracts';
import { AppError } from '@nexus/core';

const KEY = /^[a-z][a-z0-9_-]*(\.[a-z0-9][a-z0-9_-]*)*$/;
const MOST_KEYS = 200;
const LONGEST_KEY = 128;
const LONGEST_VALUE = 65_536;
const SECRET_NAME = /secret|token|password|credential|private|api[_-]?key/;

/** What a change does to the stored configuration. */
export interface ConfigChange {
  /** JSON texts by key. */
  readonly set: ReadonlyMap<string, string>;
  readonly remove: readonly string[];
}

/** Checks the texts of UpdateConfig; an empty text removes its key. Throws an AppError `invalid_config` (400) that names the key. */
export function configChangeFrom(values: Readonly<Record<string, string>>): ConfigChange {
  const entries = Object.entries(values);
  if (entries.length === 0) throw invalid('Name at least one key to change.', 'values');
  if (entries.length > MOST_KEYS) throw invalid(`At most ${MOST_KEYS} keys can be changed at once.`, 'values');
  const set = new Map<string, string>();
  const remove: string[] = [];
  for (const [key, text] of entries) {
    if (key.length > LONGEST_KEY || !KEY.test(key)) {
      throw invalid('A key is words in lower case, digits, dashes and underscores, joined by dots, at most 128 characters.', 'values');
    }
    if (text === '') remove.push(key);
    else set.set(key, checkedJson(key, text));
  }
  return { set, remove };
}

/** A value as the audit may keep it: that of a key whose name speaks of a secret is left out. */
export function auditable(key: string, text: string | undefined): unknown {
  if (text === undefined) return null;
  return SECRET_NAME.test(key) ? '(not shown)' : (JSON.parse(text) as unknown);
}

function checkedJson(key: string, text: string): string {
  if (Buffer.byteLength(text) > LONGEST_VALUE) throw invalid(`The value is longer than ${LONGEST_VALUE} bytes.`, key);
  // Postgres stores no NUL, neither plain nor escaped.
  if (text.includes('\0') || /\\u0000/.test(text)) throw invalid('The value holds a NUL character.', key);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid('The value is not JSON; a text needs quotes: "fast".', key);
  }
  const [fault] = tenantConfigFaults(key, value);
  if (fault !== undefined) throw invalid(`${key}: ${fault}`, key);
  return text;
}

function invalid(message: string, param: string): AppError {
  return new AppError('invalid_config', message, { status: 400, param });
}
