import { Inject, Injectable } from '@nestjs/common';
import type { RunQuota } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { CLIENTS, LOGGER, asTenant, type Caller, type Logger, type ServiceClients } from '@nexus/runtime';

/** Budgets are told even when the orchestrator is slow. */
const WAIT_MS = 1_000;

/** What a tenant's plan has left: the orchestrator counts runs where it accepts them. */
@Injectable()
export class RunQuotas {
  constructor(
    @Inject(CLIENTS) private readonly clients: ServiceClients,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Undefined while the orchestrator does not answer. */
  async of({ tenantId, trace, requestId }: Pick<Caller, 'tenantId' | 'trace' | 'requestId'>): Promise<RunQuota | undefined> {
    try {
      return await this.clients.threads.getRunQuota({}, asTenant(tenantId, trace, { requestId, timeoutMs: WAIT_MS }));
    } catch (error) {
      this.logger.debug({ tenant: tenantId, code: AppError.from(error).code }, 'how many runs a plan has left is not known: the orchestrator does not answer');
      return undefined;
    }
  }
}
