import type { TokenPrice, TokenUsage } from './gen/nexus/common/v1/common_pb.js';
import type { LedgerRow } from './gen/nexus/usage/v1/usage_pb.js';

/** Type of the CloudEvents of the ledger; another meaning of their data will have another number. */
export const USAGE_EVENT_TYPE = 'nexus.usage.recorded.v1';

/** A row of the ledger as JSON shows it: money in integer micro-USD, prices in micro-USD per million, times in Unix milliseconds; what is unknown is null. */
export type LedgerRowJson = Readonly<Record<string, unknown>>;

/** A CloudEvent 1.0 in structured mode. `source` and `id` together are the row's for ever, so that who gets it twice can tell. */
export interface LedgerEventJson {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: typeof USAGE_EVENT_TYPE;
  /** The attempt. */
  readonly subject: string;
  /** When it was booked, RFC 3339. */
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly data: LedgerRowJson;
}

/** The row as JSON. `tokens.output` includes the reasoning, as providers tell it; no other bucket is a part of another. */
export function ledgerRowJson(row: LedgerRow): LedgerRowJson {
  return {
    attempt_id: row.attemptId,
    correction: row.correction,
    day: row.day,
    settled_at_ms: Number(row.settledAt),
    finished_at_ms: Number(row.finishedAt),
    duration_ms: Number(row.durationMs),
    result: row.result,
    error_code: row.errorCode || null,
    resolution: row.resolution || null,
    provider: row.provider || null,
    model: row.model || null,
    tool: row.tool || null,
    requested: row.requested || null,
    route: row.route || null,
    tokens: tokensJson(row.tokens),
    price: priceJson(row.price),
    cost_micro_usd: Number(row.costMicroUsd),
    reserved_micro_usd: Number(row.reservedMicroUsd),
    client: row.attribution?.client || null,
    project: row.attribution?.project || null,
    user: row.attribution?.user || null,
    key_id: row.attribution?.keyId || null,
    agent: row.attribution?.agent || null,
    thread_id: row.attribution?.threadId || null,
    run_id: row.runId || null,
    step: row.step,
    provider_request_id: row.providerRequestId || null,
    trace_id: row.traceId || null,
  };
}

/** The row as a CloudEvent. */
export function ledgerEventJson(row: LedgerRow): LedgerEventJson {
  return {
    specversion: '1.0',
    id: `${row.attemptId}.${row.correction}`,
    source: '/nexus/usage/ledger',
    type: USAGE_EVENT_TYPE,
    subject: row.attemptId,
    time: new Date(Number(row.settledAt)).toISOString(),
    datacontenttype: 'application/json',
    data: ledgerRowJson(row),
  };
}

/** Tokens by bucket. */
export function tokensJson(tokens: TokenUsage | undefined): LedgerRowJson {
  const count = (value: bigint | undefined): number => Number(value ?? 0n);
  return {
    input: count(tokens?.input), cache_read: count(tokens?.cacheRead), cache_write: count(tokens?.cacheWrite), cache_write_1h: count(tokens?.cacheWrite1h),
    output: count(tokens?.output), reasoning: count(tokens?.reasoning), audio_input: count(tokens?.audioInput), audio_output: count(tokens?.audioOutput),
    images: count(tokens?.images), requests: count(tokens?.requests), estimated: tokens?.estimated ?? false,
  };
}

function priceJson(price: TokenPrice | undefined): LedgerRowJson | null {
  if (!price) return null;
  return {
    input: Number(price.input), cache_read: Number(price.cacheRead), cache_write: Number(price.cacheWrite), cache_write_1h: Number(price.cacheWrite1h),
    output: Number(price.output), reasoning: Number(price.reasoning ?? price.output), audio_input: Number(price.audioInput), audio_output: Number(price.audioOutput),
    image: Number(price.image), request: Number(price.request), version: price.version || null,
  };
}
