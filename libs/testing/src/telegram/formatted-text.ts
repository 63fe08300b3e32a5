import { z } from 'zod';
import { badRequest } from './bot-api-error.js';

/** The entities that a bot may send; others are refused. */
export const entitySchema = z.strictObject({
  type: z.enum(['bold', 'italic', 'underline', 'strikethrough', 'spoiler', 'code', 'pre', 'text_link', 'blockquote', 'expandable_blockquote']),
  offset: z.int(),
  length: z.int(),
  url: z.string().optional(),
  language: z.string().optional(),
});

/** A styled part of a text, in UTF-16 code units. */
export type FakeEntity = z.infer<typeof entitySchema>;

/** A text as it stands in a chat. */
export interface FakeText {
  readonly text: string;
  readonly entities: readonly FakeEntity[];
  /** What Telegram would have dropped, split or merged without a word: formatting that its reader does not get as it was meant. */
  readonly repairs: readonly string[];
}

const MOST_ENTITIES = 100;

/**
 * A text as Telegram takes it: refused with its words when an entity lies outside of the text, cuts a character in two or has a wrong
 * address; control characters become spaces, white space around it goes. `what` is `text` or `caption`.
 */
export function acceptText(given: string, entities: readonly FakeEntity[], limit: number, what: 'text' | 'caption'): FakeText {
  for (const entity of entities) requireInside(given, entity);
  // Carriage returns go; so that offsets stay, the fake makes them spaces like the other control characters.
  const clean = given.replace(/[\u0000-\u0009\u000b-\u001f]/g, ' ');
  const end = clean.trimEnd().length;
  const firstEntity = Math.min(end, ...entities.filter(({ length }) => length > 0).map(({ offset }) => offset));
  const start = Math.min(clean.length - clean.trimStart().length, firstEntity);
  const text = clean.slice(start, end);
  if (text === '' && what === 'text') throw badRequest('message text is empty');
  if (text.length > limit) throw badRequest(what === 'text' ? 'message is too long' : 'message caption is too long');
  const kept = entities.flatMap((entity) => {
    const offset = Math.max(entity.offset, start);
    const length = Math.min(entity.offset + entity.length, end) - offset;
    return length > 0 ? [{ ...entity, offset: offset - start, length }] : [];
  });
  return { text, entities: kept.slice(0, MOST_ENTITIES), repairs: repairsOf(kept) };
}

function requireInside(text: string, { type, offset, length, url = '' }: FakeEntity): void {
  if (offset < 0) throw badRequest(`receive an entity with incorrect offset ${offset}`);
  if (length < 0) throw badRequest(`receive an entity with incorrect length ${length}`);
  if (length === 0) return;
  if (offset >= text.length) throw badRequest(`entity begins after the end of the text at UTF-16 offset ${offset}`);
  if (offset + length > text.length) throw badRequest(`entity beginning at UTF-16 offset ${offset} ends after the end of the text at UTF-16 offset ${offset + length}`);
  if (isInsidePair(text, offset)) throw badRequest(`entity begins in a middle of a UTF-16 symbol at UTF-16 offset ${offset}`);
  if (isInsidePair(text, offset + length)) throw badRequest(`entity beginning at UTF-16 offset ${offset} ends in a middle of a UTF-16 symbol`);
  if (type === 'text_link' && !isAcceptedUrl(url)) throw badRequest(`entity URL '${url}' is invalid: Wrong HTTP URL`);
}

const isInsidePair = (text: string, at: number): boolean => /[\ud800-\udbff]/.test(text[at - 1] ?? '') && /[\udc00-\udfff]/.test(text[at] ?? '');

function isAcceptedUrl(url: string): boolean {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined) return false;
  if (parsed.protocol === 'tg:' || parsed.protocol === 'ton:') return true;
  return (parsed.protocol === 'http:' || parsed.protocol === 'https:') && (parsed.hostname.includes('.') || parsed.hostname.startsWith('['));
}

const isCode = ({ type }: FakeEntity): boolean => type === 'code' || type === 'pre';
const isQuote = ({ type }: FakeEntity): boolean => type === 'blockquote' || type === 'expandable_blockquote';
const isLink = ({ type }: FakeEntity): boolean => type === 'text_link';

function repairsOf(entities: readonly FakeEntity[]): string[] {
  const repairs: string[] = [];
  if (entities.length > MOST_ENTITIES) repairs.push(`${entities.length} entities, of which ${MOST_ENTITIES} are kept`);
  for (const [i, a] of entities.entries()) {
    for (const b of entities.slice(i + 1)) {
      const wrong = wrongPair(a, b);
      if (wrong !== undefined) repairs.push(`${a.type} ${a.offset}+${a.length} and ${b.type} ${b.offset}+${b.length}: ${wrong}`);
    }
  }
  return repairs;
}

/** Why Telegram does not show both as they are, or undefined. */
function wrongPair(a: FakeEntity, b: FakeEntity): string | undefined {
  const [aEnd, bEnd] = [a.offset + a.length, b.offset + b.length];
  if (aEnd <= b.offset || bEnd <= a.offset) return undefined;
  const isNested = (a.offset <= b.offset && aEnd >= bEnd) || (b.offset <= a.offset && bEnd >= aEnd);
  if (!isNested) return 'cross';
  if (a.type === b.type) return 'of one kind, nested';
  if (isQuote(a) || isQuote(b)) {
    const [quote, other] = isQuote(a) ? [a, b] : [b, a];
    return isCode(other) && other.length > quote.length ? 'a quote within code' : undefined;
  }
  if (isCode(a) || isCode(b)) return 'code holds nothing and is part of nothing but a quote';
  return isLink(a) && isLink(b) ? 'links, nested' : undefined;
}
