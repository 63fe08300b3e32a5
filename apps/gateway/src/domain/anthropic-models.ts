import { invalidInput } from './invalid-input.js';
import type { Listed } from './model-list.js';

/** A model as Anthropic lists it. */
export interface AnthropicModelJson {
  readonly type: 'model';
  readonly id: string;
  readonly display_name: string;
  readonly created_at: string;
  /** Null where it is not known. */
  readonly max_input_tokens: number | null;
  readonly max_tokens: number | null;
}

export interface AnthropicModelPage {
  readonly data: readonly AnthropicModelJson[];
  readonly has_more: boolean;
  readonly first_id: string | null;
  readonly last_id: string | null;
}

export interface AnthropicPageQuery {
  readonly limit: number;
  readonly after_id: string | undefined;
  readonly before_id: string | undefined;
}

/** Anthropic's own word for a time that is not known. */
const EPOCH = '1970-01-01T00:00:00Z';

export function anthropicModel({ id, model }: Listed): AnthropicModelJson {
  return { type: 'model', id, display_name: id, created_at: EPOCH, max_input_tokens: known(model?.contextWindow), max_tokens: known(model?.maxOutputTokens) };
}

/** A page of what answers messages: no embedding models. Throws an AppError (400) for an id that is not listed. */
export function anthropicModels(all: readonly Listed[], { limit, after_id, before_id }: AnthropicPageQuery): AnthropicModelPage {
  const chat = all.filter(({ model }) => model?.mode !== 'embedding');
  const start = after_id === undefined ? 0 : place(chat, after_id, 'after_id') + 1;
  const end = before_id === undefined ? chat.length : place(chat, before_id, 'before_id');
  const page = before_id === undefined ? chat.slice(start, start + limit) : chat.slice(Math.max(start, end - limit), end);
  const hasMore = before_id === undefined ? start + limit < chat.length : end - limit > start;
  return { data: page.map(anthropicModel), has_more: hasMore, first_id: page[0]?.id ?? null, last_id: page.at(-1)?.id ?? null };
}

function place(models: readonly Listed[], id: string, param: string): number {
  const found = models.findIndex((each) => each.id === id);
  if (found < 0) throw invalidInput('invalid_value', param, `Invalid '${param}': there is no such model in the list.`);
  return found;
}

function known(tokens: bigint | undefined): number | null {
  return tokens === undefined || tokens === 0n ? null : Number(tokens);
}
