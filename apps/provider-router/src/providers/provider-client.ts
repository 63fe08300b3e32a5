import type { ProviderTarget } from '../domain/provider-target.js';
import type { ToldModel } from '../domain/told-model.js';
import type { CallOptions, CallRequest, LocalRequest } from './call-request.js';
import { HttpClient } from './http/http-client.js';
import type { AttemptFate } from './http/look-up-attempt.js';
import { ProviderError } from './provider-error.js';
import type { ProviderOutcome } from './provider-outcome.js';

/** Calls models that run beside NEXUS. */
export interface LocalModels {
  /** Never rejects and never retries: how it ended is the outcome. */
  complete(request: LocalRequest, options: CallOptions): Promise<ProviderOutcome>;
  /** Throws ProviderError. */
  tellModels(target: ProviderTarget, signal: AbortSignal): Promise<ToldModel[]>;
  close(): Promise<void>;
}

/** Calls providers, each in its own way. One of it serves all of them; `close` ends it. */
export class ProviderClient {
  private readonly http: HttpClient;

  /** `egressProxy`: what calls over TLS go through; undefined: nothing. */
  constructor(
    private readonly local?: LocalModels,
    egressProxy?: URL,
  ) {
    this.http = new HttpClient(egressProxy);
  }

  /** Asks for one answer. Never rejects and never retries: how it ended is the outcome. */
  complete(request: CallRequest, options: CallOptions = {}): Promise<ProviderOutcome> {
    if (request.endpoint !== 'local') return this.http.complete(request, options);
    if (this.local) return this.local.complete(request, options);
    const error = new ProviderError('not_found', 'is a local model, and this router calls none', { provider: request.target.name, wasSent: false });
    return Promise.resolve({ kind: 'failed', error, usage: undefined, partial: undefined, providerRequestId: undefined, wasSent: false, timings: { firstByteMs: undefined, totalMs: 0 } });
  }

  /** The models that a provider says it has; also how one asks whether it is in reach. Throws ProviderError. */
  async tellModels(target: ProviderTarget, signal: AbortSignal): Promise<ToldModel[]> {
    if (target.kind !== 'local') return (await this.http.listModels(target, signal)).map((name) => ({ name }));
    if (this.local) return this.local.tellModels(target, signal);
    throw new ProviderError('not_found', 'is a local model, and this router calls none', { provider: target.name, wasSent: false });
  }

  /** What the provider says became of an attempt; undefined when it cannot be asked. Throws ProviderError. */
  async lookUp(target: ProviderTarget, attemptId: string, signal: AbortSignal): Promise<AttemptFate | undefined> {
    return target.kind === 'local' ? undefined : this.http.lookUp(target, attemptId, signal);
  }

  /** Breaks off what is under way and closes every connection. */
  async close(): Promise<void> {
    await Promise.all([this.http.close(), this.local?.close()]);
  }
}
