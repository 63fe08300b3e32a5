// Migrations are made of this: it never changes, a new migration brings lists of its own.

/** What a record tells of a call, as columns of the ledger with their types; a batch has an array `p_<column>` of each. */
export const toldColumns = [
  ['result', 'text'], ['provider', 'text'], ['model', 'text'], ['tool', 'text'], ['requested', 'text'], ['route', 'text'],
  ['input_tokens', 'bigint'], ['cache_read_tokens', 'bigint'], ['cache_write_tokens', 'bigint'], ['cache_write_1h_tokens', 'bigint'], ['output_tokens', 'bigint'],
  ['reasoning_tokens', 'bigint'], ['audio_input_tokens', 'bigint'], ['audio_output_tokens', 'bigint'], ['images', 'bigint'], ['requests', 'bigint'], ['is_estimated', 'boolean'],
  ['input_price', 'bigint'], ['cache_read_price', 'bigint'], ['cache_write_price', 'bigint'], ['cache_write_1h_price', 'bigint'], ['output_price', 'bigint'],
  ['reasoning_price', 'bigint'], ['audio_input_price', 'bigint'], ['audio_output_price', 'bigint'], ['image_price', 'bigint'], ['request_price', 'bigint'], ['price_version', 'text'],
  ['cost_micro_usd', 'bigint'], ['finished_at', 'timestamptz'], ['duration_ms', 'bigint'], ['error_code', 'text'], ['provider_request_id', 'text'], ['trace_id', 'text'],
] as const;

/** Those of them that are prices: an attempt has them too. */
export const pricesOfAttempt: readonly string[] = toldColumns.map(([column]) => column).filter((column) => column.endsWith('_price') || column === 'price_version');

/** Those of them that are counted, and so can be corrected by a difference. */
export const countedColumns: readonly string[] = toldColumns.map(([column]) => column).filter((column) => column.endsWith('_tokens') || column === 'images' || column === 'requests' || column === 'cost_micro_usd');

/** Whose call it is, as columns of attempts and of the ledger; what an attempt was opened with stands. */
export const whoseColumns = [
  ['client', 'text'], ['project', 'text'], ['key_id', 'text'], ['user_label', 'text'], ['agent', 'text'], ['thread_id', 'text'], ['run_id', 'uuid'], ['step', 'integer'],
] as const;

/** Those of them that a budget may be for. */
export const budgetedColumns = ['client', 'project', 'key_id', 'user_label', 'agent'] as const;

/** `a, b, c`, each made by `of`. */
export const listed = (columns: readonly string[], of: (column: string) => string = (column) => column): string => columns.map(of).join(', ');

/** `p_a text[], p_b uuid[]`: a batch's parameters. */
export const arrays = (columns: readonly (readonly [string, string])[]): string => columns.map(([column, type]) => `p_${column} ${type}[]`).join(', ');
