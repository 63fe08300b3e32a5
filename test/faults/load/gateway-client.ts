import { pause } from '../pause.js';
import type { Random } from '../random.js';

/** A reply that ended the tries of a request. */
export interface GatewayReply {
  readonly status: number;
  readonly body: Record<string, unknown>;
  /** The code of an error; empty with a success. */
  readonly code: string;
}

const TRY_WITHIN_MS = 20_000;
const RETRY_MS = 200;
const LONGEST_RETRY_MS = 2_000;
/** Times that a client hears an explicit error before it gives up. */
const MOST_REFUSALS = 8;
/** What says that the service is not there yet, or not ready with the request: to be asked again for as long as there is time. */
const STILL: ReadonlySet<string> = new Set(['in_progress', 'unavailable', 'bus_unavailable', 'stopping']);

/** Talks to whichever gateway answers, as a client with an Idempotency-Key may: it asks again until it has an answer. */
export class GatewayClient {
  private readonly urls: readonly string[];
  private readonly key: string;
  private readonly random: Random;

  constructor(urls: readonly string[], key: string, random: Random) {
    this.urls = urls;
    this.key = key;
    this.random = random;
  }

  /** A reply that is final, or the last one that was not; undefined when there was none within `withinMs`. */
  async post(path: string, body: object, idempotencyKey: string | undefined, withinMs: number): Promise<GatewayReply | undefined> {
    let last: GatewayReply | undefined;
    let refusals = 0;
    for (const until = Date.now() + withinMs; Date.now() < until && refusals < MOST_REFUSALS; await pause(Math.min(RETRY_MS * 2 ** refusals, LONGEST_RETRY_MS))) {
      const reply = await this.once(path, body, idempotencyKey).catch(() => undefined);
      if (reply !== undefined && !reply.isRetryable) return reply;
      last = reply ?? last;
      if (reply !== undefined && !STILL.has(reply.code)) refusals++;
    }
    return last;
  }

  /** One try at one of the gateways; the caller reads the body. Rejects when there is no answer. */
  fetch(path: string, init: { readonly method: string; readonly body?: string; readonly headers?: Readonly<Record<string, string>>; readonly signal: AbortSignal }): Promise<Response> {
    const headers = { authorization: `Bearer ${this.key}`, 'content-type': 'application/json', ...init.headers };
    return fetch(`${this.random.pick(this.urls)}${path}`, { ...init, headers });
  }

  private async once(path: string, body: object, idempotencyKey: string | undefined): Promise<GatewayReply & { readonly isRetryable: boolean }> {
    const response = await this.fetch(path, {
      method: 'POST', body: JSON.stringify(body), signal: AbortSignal.timeout(TRY_WITHIN_MS),
      headers: idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey },
    });
    const parsed = (await response.json()) as Record<string, unknown> & { error?: { code?: string }; code?: string };
    const code = response.ok ? '' : (parsed.error?.code ?? parsed.code ?? `status ${response.status}`);
    return { status: response.status, body: parsed, code, isRetryable: isRetryable(response, code) };
  }
}

/** As OpenAI's SDKs do: `x-should-retry` decides where it is there. */
function isRetryable({ status, headers }: Response, code: string): boolean {
  if (headers.get('x-should-retry') !== null) return headers.get('x-should-retry') === 'true' || code === 'in_progress';
  return status === 409 || status === 429 || status >= 500;
}
