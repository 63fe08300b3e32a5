import { createServer, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { HandlerContext } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { LocalModelService, type GenerateRequest, type GenerateResponseSchema } from '@nexus/contracts';
import type { ProviderTarget } from '../../domain/provider-target.js';
import { localTarget } from '../http/local-upstream.fixture.js';

/** One message of a stream. */
export type Said = NonNullable<MessageInitShape<typeof GenerateResponseSchema>['kind']>;

/** A real gRPC server of nexus.local.v1 on a free loopback port, for tests. */
export interface LocalServer {
  readonly target: ProviderTarget;
  /** In the order in which they came. */
  readonly received: GenerateRequest[];
  /** Ends every connection at once, as a process that is killed does. */
  kill(): Promise<void>;
}

/** Starts a server that answers each call with what `answer` gives. */
export async function startLocalServer(answer: (request: GenerateRequest, context: HandlerContext) => AsyncIterable<Said>, timeouts: Partial<ProviderTarget['timeouts']> = {}): Promise<LocalServer> {
  const received: GenerateRequest[] = [];
  const server = createServer(
    connectNodeAdapter({
      routes: (router) =>
        router.service(LocalModelService, {
          async *generate(request, context) {
            received.push(request);
            for await (const kind of answer(request, context)) yield { kind };
          },
          listLocalModels: () => ({ models: [{ name: 'tiny', contextTokens: 4_096n, tools: true, jsonSchema: true }, { name: 'small' }] }),
        }),
    }),
  );
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
  });
  server.on('sessionError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    target: { ...localTarget(port, timeouts), kind: 'local', baseUrl: `http://127.0.0.1:${port}`, apiKey: undefined },
    received,
    kill: () =>
      new Promise((resolve) => {
        if (!server.listening) return resolve();
        server.close(() => resolve());
        for (const session of sessions) session.destroy();
      }),
  };
}
