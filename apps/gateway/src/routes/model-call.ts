import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ResolvedKey, Span } from '@nexus/runtime';
import type { Asked } from '../domain/endpoints/model-endpoint.js';

/** One checked request to a model or an agent. `B` is the checked body. */
export interface ModelCall<B = unknown> {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: B;
  readonly asked: Asked;
  readonly key: ResolvedKey;
  readonly span: Span;
  readonly requestId: string;
  readonly deadlineMs: number;
  /** Keeps the answer, so that the client can refer to it; to be awaited before it has the answer. Undefined where nothing is to be kept. */
  readonly remember: ((answer: unknown) => Promise<void>) | undefined;
}
