import { once } from 'node:events';
import { createServer, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { Health, LocalModelService } from '@nexus/contracts';
import type { LocalModelConfig } from './config.js';
import { LlamaEngine } from './engine/llama-engine.js';
import { Readiness, healthRpc } from './health.rpc.js';
import { localModelRpc } from './local-model.rpc.js';

export { readConfig as readLocalModelConfig } from './config.js';

const GRACE_MS = 2_000;
/** A stopped answer ends at its next token; what has not ended by then is cut off. */
const STOPS_WITHIN_MS = 2_000;
const MAX_MESSAGE_BYTES = 16 * 1_048_576;

/** A local model that answers. */
export interface RunningLocalModel {
  /** Of its gRPC server, e.g. `http://127.0.0.1:50061`. */
  readonly url: string;
  readonly port: number;
  /** Most tokens of a conversation and its answer together. */
  readonly contextTokens: number;
  /** Takes no more calls, stops those that are under way after `graceMs` (default 2 s), and resolves when port and memory are free. */
  close(graceMs?: number): Promise<void>;
}

/**
 * Listens, loads the model, and resolves when it answers; until then calls are refused as UNAVAILABLE. Rejects with the socket's error,
 * e.g. EADDRINUSE, or an AppError that says what is wrong with the model.
 */
export async function startLocalModel(config: LocalModelConfig): Promise<RunningLocalModel> {
  const closing = new AbortController();
  const readiness = new Readiness();
  let engine: LlamaEngine | undefined;
  const server = createServer(
    connectNodeAdapter({
      readMaxBytes: MAX_MESSAGE_BYTES,
      routes: (router) => {
        router.service(LocalModelService, localModelRpc(() => engine, closing.signal));
        router.service(Health, healthRpc(readiness));
      },
    }),
  );
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
  // A connection that breaks is its client's concern; without a listener it would end the process.
  server.on('sessionError', () => undefined);
  server.listen(config.port, config.host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const shut = async (graceMs: number): Promise<void> => {
    readiness.set('over');
    const closed = once(server, 'close');
    server.close();
    for (const session of sessions) session.close();
    const stop = setTimeout(() => closing.abort(), graceMs);
    const cut = setTimeout(() => sessions.forEach((session) => session.destroy()), graceMs + STOPS_WITHIN_MS);
    await closed;
    clearTimeout(stop);
    clearTimeout(cut);
    closing.abort();
  };
  try {
    engine = await LlamaEngine.load(config);
  } catch (error) {
    await shut(0);
    throw error;
  }
  readiness.set('serving');
  const loaded = engine;
  let isOver: Promise<void> | undefined;
  return {
    url: `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`,
    port,
    contextTokens: Number(loaded.description.contextTokens),
    close: (graceMs = GRACE_MS) => {
      isOver ??= shut(graceMs).then(() => loaded.close());
      return isOver;
    },
  };
}
