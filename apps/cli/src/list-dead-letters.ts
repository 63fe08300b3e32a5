import type { DeadLetter } from '@nexus/contracts';
import type { CliContext } from './cli-context.js';

export interface DeadLetterSearch {
  readonly channel?: string | undefined;
  readonly limit: number;
  readonly url?: string | undefined;
}

export interface FoundDeadLetters {
  /** Newest first. */
  readonly letters: readonly DeadLetter[];
  readonly isSystemSearched: boolean;
}

/** The tenant's dead letters, and, where the service token is known (this machine runs NEXUS), those that no tenant could be told for. */
export async function listDeadLetters(context: CliContext, { channel, limit, url }: DeadLetterSearch): Promise<FoundDeadLetters> {
  const gateway = await context.gateway({ url });
  const token = context.config.serviceToken ?? context.folder.readSecret('service-token');
  const request = { channel: channel ?? '', limit };
  const asked = [gateway.deadLetters.listDeadLetters(request)];
  if (token !== undefined) {
    const { connectGateway } = await import('./gateway-client.js');
    asked.push(connectGateway({ url: gateway.access.url, key: token, keySource: 'NEXUS_SERVICE_TOKEN' }).deadLetters.listDeadLetters(request));
  }
  const lists = await Promise.all(asked);
  const letters = lists.flatMap((list) => list.deadLetters).sort((a, b) => Number(b.lastSeenAt - a.lastSeenAt));
  return { letters: letters.slice(0, limit), isSystemSearched: token !== undefined };
}
