import { AppError } from '@nexus/core';
import { LineCounter, parseDocument, isMap, isNode, type Document } from 'yaml';
import type { z } from 'zod';
import type { ProviderConfig } from '../domain/provider-config.js';
import { providersFileSchema } from './providers-file.js';
import { readConfigFile } from './read-config-file.js';

type Issue = z.core.$ZodIssue;

/** Reads config/providers.yaml. Throws AppError `config_invalid` with a line `file:line:column: path: message` for every fault there is. */
export function loadProviders(file: string): ProviderConfig[] {
  return parseProviders(readConfigFile(file), file);
}

/** The providers of a YAML text; `file` only names it in errors. The text of a value is never repeated in an error. */
export function parseProviders(text: string, file: string): ProviderConfig[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  if (document.errors.length > 0) throw invalid(document.errors.map((error) => `${at(error.pos[0])}: ${firstLine(error.message)}`));
  const parsed = providersFileSchema.safeParse(toPlain(document, file));
  if (parsed.success) return parsed.data.providers;
  const faults = parsed.error.issues.flatMap((issue) => faultsOf(issue, []));
  const placed = faults.map((fault) => ({ ...fault, offset: offsetOf(document, fault) })).sort((a, b) => a.offset - b.offset);
  throw invalid(placed.map(({ offset, path, message }) => `${at(offset)}: ${pathText(path)}: ${message}`));
}

interface Fault {
  readonly path: readonly PropertyKey[];
  /** True when the key is wrong and not what it holds. */
  readonly isKey?: boolean;
  readonly message: string;
}

/** One fault a line: each unknown key by itself, and of a choice that nothing fits, the alternative that came furthest. */
function faultsOf(issue: Issue, prefix: readonly PropertyKey[]): Fault[] {
  const path = [...prefix, ...issue.path];
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => ({ path: [...path, key], isKey: true, message: 'is not known here' }));
  if (issue.code === 'invalid_union') {
    const depth = (alternative: readonly Issue[]): number => Math.max(...alternative.map((inner) => inner.path.length));
    const best = issue.errors.reduce<readonly Issue[] | undefined>((found, next) => (found && depth(found) >= depth(next) ? found : next), undefined);
    if (best) return best.flatMap((inner) => faultsOf(inner, path));
  }
  if (issue.code === 'invalid_key') return issue.issues.map((inner) => ({ path, isKey: true, message: inner.message }));
  return [{ path, message: issue.message.endsWith('received undefined') ? 'is missing' : issue.message }];
}

/** Where a fault stands in the text: at its value or its key, else at the nearest thing around it that is there. */
function offsetOf(document: Document, { path, isKey }: Fault): number {
  for (let length = path.length; length > 0; length--) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    const around: unknown = document.getIn(path.slice(0, length - 1), true);
    const key = isMap(around) ? around.items.find((pair) => isNode(pair.key) && String(pair.key) === String(path[length - 1]))?.key : undefined;
    for (const place of isKey ? [key, node] : [node, key]) if (isNode(place) && place.range) return place.range[0];
  }
  return isNode(document.contents) && document.contents.range ? document.contents.range[0] : 0;
}

function pathText(path: readonly PropertyKey[]): string {
  const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  return text.replace(/^\./, '') || 'the file';
}

function toPlain(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new AppError('config_invalid', `${file}: has more aliases than a file of providers needs`, { cause: error });
  }
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0] ?? message;
}

function invalid(lines: readonly string[]): AppError {
  return new AppError('config_invalid', lines.join('\n'));
}
