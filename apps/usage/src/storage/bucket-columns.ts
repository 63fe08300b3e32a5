import type { TokenCount, TokenPrice } from '@nexus/core';

/** The ledger's column of each bucket. They are exclusive: `output` has neither the reasoning nor the audio in it. */
export const tokenColumns = {
  input: 'input_tokens', cacheRead: 'cache_read_tokens', cacheWrite: 'cache_write_tokens', cacheWrite1h: 'cache_write_1h_tokens',
  output: 'output_tokens', reasoning: 'reasoning_tokens', audioInput: 'audio_input_tokens', audioOutput: 'audio_output_tokens',
  images: 'images', requests: 'requests',
} as const satisfies Record<keyof TokenCount, string>;

/** The column of each bucket's price, in the ledger and of attempts. */
export const priceColumns = {
  input: 'input_price', cacheRead: 'cache_read_price', cacheWrite: 'cache_write_price', cacheWrite1h: 'cache_write_1h_price',
  output: 'output_price', reasoning: 'reasoning_price', audioInput: 'audio_input_price', audioOutput: 'audio_output_price',
  image: 'image_price', request: 'request_price',
} as const satisfies Record<Exclude<keyof TokenPrice, 'version' | 'cacheReadAudio'>, string>;

/** Every bucket, each with its tokens or pieces. */
export type Buckets = Readonly<Record<keyof TokenCount, number>>;

/** Every price, none left out. */
export type Prices = Readonly<Record<keyof typeof priceColumns, number>>;

/** What a call used as the ledger keeps it: `output` without its reasoning. */
export function exclusive(tokens: TokenCount): Buckets {
  const { input, output, cacheRead, cacheWrite, cacheWrite1h = 0, audioInput = 0, audioOutput = 0, reasoning = 0, images = 0, requests = 0 } = tokens;
  return { input, output: output - reasoning, cacheRead, cacheWrite, cacheWrite1h, audioInput, audioOutput, reasoning, images, requests };
}

/** The prices that costOf() counts with, those that are left out among them. */
export function allPrices(price: TokenPrice): Prices {
  const { input, output, cacheRead, cacheWrite, cacheWrite1h = cacheWrite, audioInput = input, audioOutput = output, reasoning = output, image = 0, request = 0 } = price;
  return { input, output, cacheRead, cacheWrite, cacheWrite1h, audioInput, audioOutput, reasoning, image, request };
}
