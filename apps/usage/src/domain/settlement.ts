import { AppError, costOf, type TokenCount, type TokenPrice } from '@nexus/core';
import type { Settlement, UsageRecord } from './attempt.js';

const FREE: TokenPrice = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };
const NOTHING: TokenCount = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };

/**
 * The record with its cost at the prices of the call. What was never sent costs nothing and used nothing, whatever else the record
 * says. Throws AppError `usage_price_missing` for tokens without a price: money is never guessed.
 */
export function settlementOf(record: UsageRecord): Settlement {
  const { price } = record;
  if (record.result === 'not_sent') {
    return { ...record, tokens: NOTHING, price: price ?? FREE, cost: 0 };
  }
  if (price !== undefined) return { ...record, price, cost: costOf(record.tokens, price) };
  if (Object.values(record.tokens).some((count: number | undefined) => count !== undefined && count > 0)) {
    throw new AppError('usage_price_missing', 'A usage record with tokens must name the prices of the call.', { status: 422, param: 'price' });
  }
  return { ...record, price: FREE, cost: 0 };
}
