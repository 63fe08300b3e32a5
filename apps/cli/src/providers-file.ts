import { AppError } from '@nexus/core';
import { Document, isMap, isSeq, parseDocument, type YAMLSeq } from 'yaml';
import type { ProviderEntry } from './domain/new-provider.js';

/** A provider that stands in providers.yaml already. */
export interface ListedProvider {
  readonly name: string;
  /** Variables that may hold its key; none when it takes no key. */
  readonly keyVariables: readonly string[];
}

/** The providers of the text, as far as they can be read. Throws AppError `config_invalid` when it is no YAML with a list of providers. */
export function listedProviders(text: string, file: string): ListedProvider[] {
  return providersIn(text, file).items.flatMap((item) => {
    if (!isMap(item)) return [];
    const { name, api_key_env: variables } = item.toJSON() as { name?: unknown; api_key_env?: unknown };
    const keyVariables = [variables].flat().filter((variable) => typeof variable === 'string');
    return typeof name === 'string' ? [{ name, keyVariables }] : [];
  });
}

/** The text with the provider at the end of its list; everything else stays as it was, character by character. */
export function withProvider(text: string, file: string, entry: ProviderEntry): string {
  const providers = providersIn(text, file);
  const [first] = providers.items;
  const end = providers.range?.[1];
  if (providers.flow === true || !isMap(first) || first.range === null || first.range === undefined || end === undefined) {
    throw new AppError('config_invalid', `${file}: the list of providers is not written one below the other; add the provider by hand.`);
  }
  const before = text.slice(0, end).trimEnd();
  // A map begins behind the dash and a blank.
  const indent = ' '.repeat(first.range[0] - (text.lastIndexOf('\n', first.range[0]) + 1) - 2);
  return `${before}\n\n${written(entry, indent)}${text.slice(end).replace(/^\n*/, '\n')}`.replace(/\n+$/, '\n');
}

function written(entry: ProviderEntry, indent: string): string {
  const document = new Document([entry], { aliasDuplicateObjects: false });
  const models = document.getIn([0, 'models']);
  if (isSeq(models)) for (const model of models.items) if (isMap(model)) model.flow = true;
  return document.toString({ lineWidth: 0 }).trimEnd().split('\n').map((line) => indent + line).join('\n');
}

function providersIn(text: string, file: string): YAMLSeq {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined) throw new AppError('config_invalid', `${file}: ${error.message.split('\n', 1)[0]}`);
  const providers = document.get('providers');
  if (!isSeq(providers)) throw new AppError('config_invalid', `${file}: it has no list of providers.`);
  return providers;
}
