import { createClient, type Client, type Interceptor, type Transport } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { AgentService, DeadLetterService, PeopleService, ProviderService, SettingsService, ThreadService, UsageService, WebhookService } from '@nexus/contracts';
import type { GatewayAccess } from './gateway-access.js';
import { gatewayError } from './gateway-error.js';

/** Typed clients of everything that the gateway's port offers; every failure is an AppError for people. */
export interface Gateway {
  readonly access: GatewayAccess;
  readonly agent: Client<typeof AgentService>;
  readonly threads: Client<typeof ThreadService>;
  readonly settings: Client<typeof SettingsService>;
  readonly people: Client<typeof PeopleService>;
  readonly usage: Client<typeof UsageService>;
  readonly providers: Client<typeof ProviderService>;
  readonly webhooks: Client<typeof WebhookService>;
  readonly deadLetters: Client<typeof DeadLetterService>;
}

/** Connects when the first call is made. */
export function connectGateway(access: GatewayAccess): Gateway {
  const authorize: Interceptor = (next) => (request) => {
    request.header.set('authorization', `Bearer ${access.key}`);
    return next(request);
  };
  const transport = withPlainErrors(createConnectTransport({ baseUrl: access.url, httpVersion: '1.1', interceptors: [authorize] }), access);
  return {
    access,
    agent: createClient(AgentService, transport),
    threads: createClient(ThreadService, transport),
    settings: createClient(SettingsService, transport),
    people: createClient(PeopleService, transport),
    usage: createClient(UsageService, transport),
    providers: createClient(ProviderService, transport),
    webhooks: createClient(WebhookService, transport),
    deadLetters: createClient(DeadLetterService, transport),
  };
}

function withPlainErrors(transport: Transport, access: GatewayAccess): Transport {
  const explain = (error: unknown): never => {
    throw gatewayError(error, access);
  };
  return {
    unary: (...call) => transport.unary(...call).catch(explain),
    stream: async (...call) => {
      const response = await transport.stream(...call).catch(explain);
      return { ...response, message: watched(response.message, explain) };
    },
  };
}

async function* watched<T>(messages: AsyncIterable<T>, explain: (error: unknown) => never): AsyncIterable<T> {
  try {
    yield* messages;
  } catch (error) {
    explain(error);
  }
}
