import { invalidInput, isRecord } from '../invalid-input.js';
import type { AnswerMemory, KeptAnswer } from './model-endpoint.js';

/** What is read of a body to know what it refers to. */
export interface ReferringBody {
  readonly input?: unknown;
  readonly store?: unknown;
}

/** Ids that NEXUS made: of a response, and of an item by its place in a response. Those of providers are longer. */
const OWN_RESPONSE = /^resp_([0-9a-f]{32})$/;
const OWN_ITEM = /^(?:msg|fc|rs)_([0-9a-f]{32})_\d+$/;

/**
 * Clients that believe a response to be stored, as it is by default, refer to its items instead of sending them again. NEXUS keeps the items
 * that it made, and puts them in the place of references; references to a provider's own items go through to it.
 */
export const responseMemory: AnswerMemory<ReferringBody> = {
  refersTo: ({ input }) => [...new Set(referencesOf(input).flatMap(({ id }) => ownerOf(id) ?? []))],

  resolve(body, kept) {
    const items = new Map([...kept.values()].flat().map((json): [unknown, unknown] => withId(json)));
    const input = (body.input as readonly unknown[]).map((item, i) => {
      if (!isReference(item) || ownerOf(item.id) === undefined) return item;
      const found = items.get(item.id);
      if (found === undefined) throw invalidInput('invalid_value', `input[${i}].id`, `Invalid 'input[${i}].id': there is no such item, or it is older than 7 days. Send the item itself.`);
      return found;
    });
    return { ...body, input };
  },

  isKept: ({ store }) => store !== false,

  toKeep(answer): KeptAnswer | undefined {
    if (!isRecord(answer) || typeof answer.id !== 'string' || !Array.isArray(answer.output) || answer.output.length === 0) return undefined;
    const hex = OWN_RESPONSE.exec(answer.id)?.[1];
    return hex === undefined ? undefined : { id: uuidOf(hex), items: answer.output.map((item) => JSON.stringify(item)) };
  },
};

interface Reference {
  readonly type: 'item_reference';
  readonly id: string;
}

function referencesOf(input: unknown): readonly Reference[] {
  return Array.isArray(input) ? input.filter(isReference) : [];
}

function isReference(item: unknown): item is Reference {
  return isRecord(item) && item.type === 'item_reference' && typeof item.id === 'string';
}

/** The response of an item that NEXUS made. */
function ownerOf(itemId: string): string | undefined {
  const hex = OWN_ITEM.exec(itemId)?.[1];
  return hex === undefined ? undefined : uuidOf(hex);
}

function withId(json: string): [unknown, unknown] {
  const item: unknown = JSON.parse(json);
  return [isRecord(item) ? item.id : undefined, item];
}

function uuidOf(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
