import { oneLine } from './one-line.js';

interface LogRecord {
  readonly level?: unknown;
  readonly service?: unknown;
  readonly message?: unknown;
  readonly error?: { readonly message?: unknown; readonly code?: unknown; readonly type?: unknown };
}

const SHOWN = ['warn', 'error', 'fatal'];

/** A line of the log as the terminal shows it; undefined for one that need not be seen while all goes well. */
export function logLine(json: string): string | undefined {
  const record = parse(json);
  if (record === undefined || !SHOWN.includes(String(record.level))) return undefined;
  const reason = record.error?.message ?? record.error?.code ?? record.error?.type;
  const words = [record.service, record.message, reason].filter((part) => typeof part === 'string' && part !== '').join(': ');
  return `${String(record.level)}: ${oneLine(words, 300)}`;
}

function parse(json: string): LogRecord | undefined {
  try {
    return JSON.parse(json) as LogRecord;
  } catch {
    return undefined;
  }
}
