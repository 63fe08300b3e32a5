import type { TokenPrice } from '@nexus/core';
import { priceFromUsdPerToken, priceFromUsdPerPiece } from './usd-price.js';

/** What tokens cost, in USD each; undefined for what the list does not say. */
export interface TokenRates {
  readonly input?: number | undefined;
  readonly output?: number | undefined;
  readonly cacheRead?: number | undefined;
  readonly cacheWrite?: number | undefined;
  readonly cacheWrite1h?: number | undefined;
}

/** What tokens cost when the whole input is larger than `aboveInputTokens`. */
export interface LongContextRates extends TokenRates {
  readonly aboveInputTokens: number;
}

/** A model as the list has it: prices in USD, by token or by piece, and undefined for what the list does not say. */
export interface PriceRow extends TokenRates {
  /** `model` or `vendor/model`. */
  readonly key: string;
  readonly vendor: string;
  readonly mode: string;
  readonly audioInput?: number | undefined;
  /** Sound read from the cache. */
  readonly cacheReadAudio?: number | undefined;
  readonly audioOutput?: number | undefined;
  readonly reasoningOutput?: number | undefined;
  /** Of a picture made. */
  readonly image?: number | undefined;
  /** Of a search on the web, or of whatever else is charged by the piece. */
  readonly request?: number | undefined;
  readonly longContext?: readonly LongContextRates[] | undefined;
  readonly maxInputTokens?: number | undefined;
  readonly maxOutputTokens?: number | undefined;
  readonly tools?: boolean | undefined;
  readonly vision?: boolean | undefined;
  readonly reasoning?: boolean | undefined;
  readonly responseSchema?: boolean | undefined;
  readonly audio?: boolean | undefined;
  readonly pdf?: boolean | undefined;
}

/** The price of a request whose whole input, cached tokens included, is larger than `aboveInputTokens`. */
export interface LongContextPrice {
  readonly aboveInputTokens: number;
  readonly price: TokenPrice;
  /** The next step, for inputs that are longer still. */
  readonly longer?: LongContextPrice | undefined;
}

/** What a model costs, whatever the length of the input. */
export interface SteppedPrice {
  readonly price: TokenPrice;
  readonly longContext: LongContextPrice | undefined;
}

/** What the price list says about a model; what it does not say is undefined, never 0 and never false. */
export interface ListedPrice {
  /** `chat`, `responses`, `embedding` ...: the kind of endpoint that serves the model. */
  readonly mode: string;
  /** Undefined when the list names no input or no output price; embeddings need no output price. */
  readonly price: TokenPrice | undefined;
  /** The lowest of the steps. */
  readonly longContext: LongContextPrice | undefined;
  readonly maxInputTokens: number | undefined;
  readonly maxOutputTokens: number | undefined;
  readonly tools: boolean | undefined;
  readonly vision: boolean | undefined;
  readonly reasoning: boolean | undefined;
  /** Answers in the form of a JSON schema. */
  readonly responseSchema: boolean | undefined;
  /** Takes audio. */
  readonly audio: boolean | undefined;
  /** Takes PDF files. */
  readonly pdf: boolean | undefined;
}

/** Prices and abilities by vendor and the vendor's own model name. */
export interface PriceList {
  lookup(vendor: string, model: string): ListedPrice | undefined;
  /** The day of the list, such as `2026-07-24`; undefined when it does not say. Every price of it has it as its version. */
  readonly date?: string | undefined;
}

/** The price of a request with `inputTokens` of input, cached tokens included. */
export function priceAt({ price, longContext }: SteppedPrice, inputTokens: number): TokenPrice {
  let [at, step] = [price, longContext];
  while (step && inputTokens > step.aboveInputTokens) [at, step] = [step.price, step.longer];
  return at;
}

/**
 * Makes the list from its rows. A model that is there twice, as `name` and as `vendor/name`, costs the dearer of the two. Cache reads
 * and writes without a price of their own cost what plain input costs. Throws RangeError for a price below zero.
 */
export function createPriceList(rows: readonly PriceRow[], date?: string): PriceList {
  const vendors = new Map<string, Map<string, PriceRow>>();
  for (const row of rows) {
    const name = row.key.startsWith(`${row.vendor}/`) ? row.key.slice(row.vendor.length + 1) : row.key;
    const models = vendors.get(row.vendor) ?? new Map<string, PriceRow>();
    vendors.set(row.vendor, models);
    const earlier = models.get(name);
    models.set(name, earlier ? dearer(earlier, row) : row);
  }
  const listed = new Map([...vendors].map(([vendor, models]) => [vendor, new Map([...models].map(([name, row]) => [name, readRow(row, date)]))]));
  return { lookup: (vendor, model) => listed.get(vendor)?.get(model), date };
}

function readRow(row: PriceRow, version: string | undefined): ListedPrice {
  const price = readPrice(row, version);
  const { mode, maxInputTokens, maxOutputTokens, tools, vision, reasoning, responseSchema, audio, pdf } = row;
  return { mode, price, longContext: price && readSteps(row, price), maxInputTokens, maxOutputTokens, tools, vision, reasoning, responseSchema, audio, pdf };
}

function readPrice(row: PriceRow, version: string | undefined): TokenPrice | undefined {
  const output = row.output ?? (row.mode === 'embedding' ? 0 : undefined);
  if (row.input === undefined || output === undefined) return undefined;
  return {
    input: priceFromUsdPerToken(row.input),
    output: priceFromUsdPerToken(output),
    cacheRead: priceFromUsdPerToken(row.cacheRead ?? row.input),
    cacheWrite: priceFromUsdPerToken(row.cacheWrite ?? row.input),
    ...given('cacheWrite1h', row.cacheWrite1h, priceFromUsdPerToken),
    ...given('cacheReadAudio', row.cacheReadAudio, priceFromUsdPerToken),
    ...given('audioInput', row.audioInput, priceFromUsdPerToken),
    ...given('audioOutput', row.audioOutput, priceFromUsdPerToken),
    ...given('reasoning', row.reasoningOutput, priceFromUsdPerToken),
    ...given('image', row.image, priceFromUsdPerPiece),
    ...given('request', row.request, priceFromUsdPerPiece),
    ...(version !== undefined && { version }),
  };
}

function given<K extends keyof TokenPrice>(bucket: K, usd: number | undefined, read: (usd: number) => number): { readonly [key in K]?: number } {
  return usd === undefined ? {} : ({ [bucket]: read(usd) } as { readonly [key in K]: number });
}

/** What a step leaves out is that of the step below. */
function readSteps(row: PriceRow, base: TokenPrice): LongContextPrice | undefined {
  const steps: { readonly aboveInputTokens: number; readonly price: TokenPrice }[] = [];
  for (const rates of (row.longContext ?? []).toSorted((a, b) => a.aboveInputTokens - b.aboveInputTokens)) {
    if (rates.input !== undefined || rates.output !== undefined) steps.push({ aboveInputTokens: rates.aboveInputTokens, price: stepPrice(rates, steps.at(-1)?.price ?? base) });
  }
  return steps.reduceRight<LongContextPrice | undefined>((longer, step) => ({ ...step, ...(longer && { longer }) }), undefined);
}

/**
 * Vendors that charge more for long inputs price the cache as a fixed part of input, and reasoning and audio as those of the other
 * tokens: what a step does not name grows as input and output do, rounded up.
 */
function stepPrice(rates: TokenRates, base: TokenPrice): TokenPrice {
  const input = rates.input === undefined ? base.input : priceFromUsdPerToken(rates.input);
  const output = rates.output === undefined ? base.output : priceFromUsdPerToken(rates.output);
  const withInput = (part: number): number => grown(part, base.input, input);
  const withOutput = (part: number): number => grown(part, base.output, output);
  const told = (usd: number | undefined, part: number): number => (usd === undefined ? withInput(part) : priceFromUsdPerToken(usd));
  return {
    ...base,
    input,
    output,
    cacheRead: told(rates.cacheRead, base.cacheRead),
    cacheWrite: told(rates.cacheWrite, base.cacheWrite),
    ...(base.cacheWrite1h !== undefined && { cacheWrite1h: told(rates.cacheWrite1h, base.cacheWrite1h) }),
    ...(base.cacheReadAudio !== undefined && { cacheReadAudio: withInput(base.cacheReadAudio) }),
    ...(base.audioInput !== undefined && { audioInput: withInput(base.audioInput) }),
    ...(base.audioOutput !== undefined && { audioOutput: withOutput(base.audioOutput) }),
    ...(base.reasoning !== undefined && { reasoning: withOutput(base.reasoning) }),
  };
}

function grown(part: number, from: number, to: number): number {
  return from === 0 ? Math.max(part, to) : Math.ceil((part * to) / from);
}

const RATES = ['input', 'output', 'cacheRead', 'cacheWrite', 'cacheWrite1h', 'cacheReadAudio', 'audioInput', 'audioOutput', 'reasoningOutput', 'image', 'request'] as const;

/** What the later row says, except that no price of it is lower than the earlier one's. */
function dearer(earlier: PriceRow, later: PriceRow): PriceRow {
  const rates = RATES.flatMap((rate) => {
    const both = [earlier[rate], later[rate]].filter((usd) => usd !== undefined);
    return both.length === 0 ? [] : [[rate, Math.max(...both)] as const];
  });
  const steps = new Map<number, LongContextRates>();
  for (const step of [...(earlier.longContext ?? []), ...(later.longContext ?? [])]) {
    const known = steps.get(step.aboveInputTokens);
    steps.set(step.aboveInputTokens, known ? dearerStep(known, step) : step);
  }
  return { ...later, ...Object.fromEntries(rates), longContext: [...steps.values()] };
}

function dearerStep(a: LongContextRates, b: LongContextRates): LongContextRates {
  const most = (x: number | undefined, y: number | undefined): number | undefined => (x === undefined || y === undefined ? (x ?? y) : Math.max(x, y));
  return {
    aboveInputTokens: a.aboveInputTokens,
    input: most(a.input, b.input), output: most(a.output, b.output),
    cacheRead: most(a.cacheRead, b.cacheRead), cacheWrite: most(a.cacheWrite, b.cacheWrite), cacheWrite1h: most(a.cacheWrite1h, b.cacheWrite1h),
  };
}
