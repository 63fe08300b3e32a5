import type { ModelRequest } from '@nexus/wires';
import type { Endpoint } from '../domain/endpoint.js';
import type { ProviderTarget } from '../domain/provider-target.js';
import type { OnPart } from './http/read-stream.js';

/** A call of a provider that speaks JSON over HTTP. */
export interface HttpRequest {
  readonly target: ProviderTarget;
  readonly endpoint: Exclude<Endpoint, 'local'>;
  /** The provider's own name of the model. */
  readonly model: string;
  /** The answer goes to a client of the same wire as it is. */
  readonly isPassthrough: boolean;
  /** Of the client, that its provider gets too: names in lower case. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Goes along as the request's name; undefined for a call that nobody will ask about. */
  readonly attemptId?: string;
  /** The final request, as the provider gets it. */
  readonly body: Buffer | object;
  /** Whether `body` asks for a stream. */
  readonly stream: boolean;
}

/** A call of a model that runs beside NEXUS. */
export interface LocalRequest {
  readonly target: ProviderTarget;
  readonly endpoint: 'local';
  readonly attemptId?: string;
  /** With the provider's own name of the model, and its output capped. */
  readonly request: ModelRequest;
}

/** A call to make. */
export type CallRequest = HttpRequest | LocalRequest;

/** What a caller may add to a call. */
export interface CallOptions {
  /** Stops the upstream call when it aborts; the outcome is then a failure `cancelled`. */
  readonly signal?: AbortSignal;
  readonly onPart?: OnPart;
}
