import { createClient, type Client } from '@connectrpc/connect';
import { createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node';
import { LocalModelService, type LocalModel } from '@nexus/contracts';
import type { ProviderTarget } from '../../domain/provider-target.js';
import type { ToldModel } from '../../domain/told-model.js';
import type { CallOptions, LocalRequest } from '../call-request.js';
import type { LocalModels } from '../provider-client.js';
import { ProviderError } from '../provider-error.js';
import type { ProviderOutcome } from '../provider-outcome.js';
import { LocalCall } from './local-call.js';
import { localError } from './local-error.js';
import { writeGenerateRequest } from './write-generate-request.js';

/** A connection that was quiet for this long is looked at before a call goes over it. */
const PING_AFTER_MS = 10_000;
const PING_WITHIN_MS = 2_000;

interface Connection {
  readonly sessions: Http2SessionManager;
  readonly client: Client<typeof LocalModelService>;
}

/** Calls models that run beside NEXUS over gRPC (nexus.local.v1), on one kept connection to each server. */
export class LocalModelClient implements LocalModels {
  private readonly connections = new Map<string, Connection>();

  /** Asks for one answer. Never rejects and never retries: how it ended is the outcome. */
  async complete(request: LocalRequest, options: CallOptions): Promise<ProviderOutcome> {
    const call = new LocalCall(request, options);
    try {
      const message = writeGenerateRequest(request.request, request.attemptId ?? '');
      const { client } = await this.connected(request.target, call.signal);
      call.signal.throwIfAborted();
      call.wasSent = true;
      return call.end(await call.read(client.generate(message, { signal: call.signal, timeoutMs: request.target.timeouts.totalMs })));
    } catch (error) {
      return call.end(call.failed(error));
    }
  }

  /** The models that a server has; also how one asks whether it is in reach. Throws ProviderError. */
  async tellModels(target: ProviderTarget, signal: AbortSignal): Promise<ToldModel[]> {
    try {
      const { client } = await this.connected(target, signal);
      const { models } = await client.listLocalModels({}, { signal });
      return models.map(toldModelOf);
    } catch (error) {
      throw signal.aborted ? new ProviderError('timeout', 'did not answer in time', { provider: target.name, wasSent: false }) : localError(error, { provider: target.name, wasSent: false, hasStarted: false });
    }
  }

  /** Breaks off what is under way and closes every connection. */
  async close(): Promise<void> {
    for (const { sessions } of this.connections.values()) sessions.abort();
    this.connections.clear();
  }

  /** Throws when there is no connection within the time: nothing was sent then. */
  private async connected({ baseUrl, timeouts: { connectMs } }: ProviderTarget, signal: AbortSignal): Promise<Connection> {
    const connection = this.connectionTo(baseUrl);
    const { sessions } = connection;
    const late = Promise.withResolvers<never>();
    const onAbort = (): void => late.reject(signal.reason);
    const timer = setTimeout(() => late.reject(Object.assign(new Error('no connection in time'), { code: 'ETIMEDOUT' })), connectMs);
    signal.addEventListener('abort', onAbort);
    try {
      if ((await Promise.race([sessions.connect(), late.promise])) === 'error') throw sessions.error();
      return connection;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }

  private connectionTo(baseUrl: string): Connection {
    let connection = this.connections.get(baseUrl);
    if (!connection) {
      const sessions = new Http2SessionManager(baseUrl, { pingIntervalMs: PING_AFTER_MS, pingTimeoutMs: PING_WITHIN_MS });
      connection = { sessions, client: createClient(LocalModelService, createGrpcTransport({ baseUrl, sessionManager: sessions })) };
      this.connections.set(baseUrl, connection);
    }
    return connection;
  }
}

/** The contract has no place for files and audio. */
function toldModelOf({ name, contextTokens, tools, vision, jsonSchema, reasoning }: LocalModel): ToldModel {
  const abilities = { tools, vision, jsonSchema, reasoning, files: false, audio: false };
  return { name, ...(contextTokens > 0n && { contextWindow: Number(contextTokens) }), abilities };
}
