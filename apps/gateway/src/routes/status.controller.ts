import { Controller, Get, Header, Inject } from '@nestjs/common';
import type { Clock } from '@nexus/core';
import { CLIENTS, CLOCK, type ServiceClients } from '@nexus/runtime';
import { budgetJson, runQuotaJson, type BudgetJson, type RunQuotaJson } from '../domain/usage-json.js';
import { Api, type ApiCall } from './caller.js';

interface ProviderStatusJson {
  readonly name: string;
  readonly enabled: boolean;
  /** False when its key or its URL is missing, or it is not in reach. */
  readonly ready: boolean;
  readonly models: number;
}

interface StatusJson {
  readonly object: 'status';
  readonly today: { readonly attempts: number; readonly failed: number; readonly cost_micro_usd: number };
  readonly month: { readonly attempts: number; readonly failed: number; readonly cost_micro_usd: number };
  readonly budgets: readonly BudgetJson[];
  /** Null for a tenant without a plan, and while nobody can tell. */
  readonly runs: RunQuotaJson | null;
  readonly providers: readonly ProviderStatusJson[];
}

/** /status: in one look what a tenant has used, what it has left, and which providers are ready for it. */
@Controller('status')
export class StatusController {
  constructor(
    @Inject(CLIENTS) private readonly clients: ServiceClients,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Get()
  @Header('cache-control', 'no-store')
  async get(@Api() { options }: ApiCall): Promise<StatusJson> {
    const { usage, settings } = this.clients;
    const [month, { budgets, runs }, { providers }] = await Promise.all([usage.getUsage({ groupBy: ['day'] }, options), usage.getQuota({}, options), settings.listProviders({}, options)]);
    const today = new Date(this.clock.now()).toISOString().slice(0, 10);
    const sumOf = (row = month.rows.find(({ day }) => day === today)) => ({ attempts: Number(row?.attempts ?? 0n), failed: Number(row?.failed ?? 0n), cost_micro_usd: Number(row?.costMicroUsd ?? 0n) });
    return {
      object: 'status',
      today: sumOf(),
      month: sumOf(month.total),
      budgets: budgets.map(budgetJson),
      runs: runQuotaJson(runs),
      providers: providers.map(({ status, enabled }) => ({ name: status?.name ?? '', enabled, ready: enabled && (status?.isConfigured ?? false), models: status?.models.length ?? 0 })),
    };
  }
}
