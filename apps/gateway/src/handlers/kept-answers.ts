import type { CallOptions } from '@connectrpc/connect';
import type { Logger, ServiceClients } from '@nexus/runtime';
import type { KeptAnswer } from '../domain/endpoints/model-endpoint.js';

/** The client waits for it. */
const KEEP_WITHIN_MS = 2_000;

/** Answers whose items clients may refer to, at whatever replica. */
export class KeptAnswers {
  constructor(
    private readonly clients: Pick<ServiceClients, 'responses'>,
    private readonly logger: Pick<Logger, 'warn'>,
  ) {}

  /** The items (JSON texts) of those of these answers that are kept, by id. */
  async get(ids: readonly string[], options: CallOptions): Promise<ReadonlyMap<string, readonly string[]>> {
    const { responses } = await this.clients.responses.getResponses({ ids: [...ids] }, options);
    return new Map(responses.map(({ id, items }) => [id, items]));
  }

  /** Never rejects, and takes 2 s at most: whoever refers to an answer that could not be kept is told so then. */
  async keep({ id, items }: KeptAnswer, options: CallOptions): Promise<void> {
    try {
      await this.clients.responses.keepResponse({ response: { id, items: [...items] } }, { ...options, timeoutMs: KEEP_WITHIN_MS });
    } catch (error) {
      this.logger.warn({ error }, 'an answer could not be kept: its items cannot be referred to');
    }
  }
}
