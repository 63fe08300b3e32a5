import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ModelAnswer } from '@nexus/wires';
import type { ProviderTarget } from '../../domain/provider-target.js';

/** A chat completion that goes through as it is. */
export const chat = { endpoint: 'chat', model: 'm', isPassthrough: true } as const;

/** What a model said. */
export function textIn({ parts }: Pick<ModelAnswer, 'parts'>): string {
  return parts.map((part) => (part.kind === 'text' ? part.text : '')).join('');
}

/** What a model wants done. */
export function callsIn({ parts }: Pick<ModelAnswer, 'parts'>): { id: string; name: string; arguments: string }[] {
  return parts.flatMap((part) => (part.kind === 'tool_call' ? [{ id: part.id, name: part.name, arguments: part.arguments }] : []));
}

/** A real HTTP server on a free loopback port, for tests: what it got, and how to call it. */
export interface LocalUpstream {
  readonly target: ProviderTarget;
  readonly server: Server;
  /** Requests with their whole bodies, in the order they came. */
  readonly received: { readonly path: string; readonly headers: IncomingMessage['headers']; readonly body: string }[];
  close(): Promise<void>;
}

/** Starts a server that answers each request, once its body is there, with `answer`. */
export async function startLocalUpstream(answer: (response: ServerResponse, body: string) => void): Promise<LocalUpstream> {
  const received: LocalUpstream['received'] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      received.push({ path: request.url ?? '', headers: request.headers, body });
      answer(response, body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    target: localTarget((server.address() as AddressInfo).port),
    server,
    received,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A provider `local` with the key `sk-local-secret` on a loopback port. */
export function localTarget(port: number, timeouts: Partial<ProviderTarget['timeouts']> = {}): ProviderTarget {
  return {
    name: 'local',
    kind: 'openai',
    baseUrl: `http://127.0.0.1:${port}/v1`,
    apiKey: 'sk-local-secret',
    headers: { 'X-Team': 'blue' },
    outputLimitParameter: 'max_tokens',
    streamUsage: true,
    hasResponses: false,
    limits: { requestsPerMinute: undefined, tokensPerMinute: undefined },
    breaker: { failures: 5, windowMs: 60_000, openMs: 30_000 },
    maxConnections: 64,
    lookup: undefined,
    timeouts: { connectMs: 2_000, firstByteMs: 10_000, idleMs: 10_000, totalMs: 20_000, ...timeouts },
  };
}

/** A chat completion as a provider would send it. */
export function completionJson(text: string): string {
  return JSON.stringify({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'm-2026',
    choices: [{ index: 0, message: { role: 'assistant', content: text, refusal: null }, logprobs: null, finish_reason: 'stop' }],
    usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
  });
}

/** One event of a stream with one piece of text, or with the end of the message. */
export function chunkEvent(content: string | undefined, finish: string | null = null): string {
  return `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'm-2026', choices: [{ index: 0, delta: content === undefined ? {} : { content }, finish_reason: finish }] })}\n\n`;
}
