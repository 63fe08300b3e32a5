import { Controller, Get, Header, Inject, Query, Res } from '@nestjs/common';
import { ledgerEventJson, ledgerRowJson, usageDimensions } from '@nexus/contracts';
import { CLIENTS, type ServiceClients } from '@nexus/runtime';
import type { ServerResponse } from 'node:http';
import { z } from 'zod';
import { usageStatsJson, type UsageStatsJson } from '../domain/usage-json.js';
import { Api, type ApiCall } from './caller.js';
import { parseInput } from './parse-input.js';

const MOST_ROWS = 1_000;
const day = z.iso.date('must be a day such as 2026-11-20').optional();
const label = z.string().max(200, 'must have at most 200 characters').optional();
const whose = { from: day, to: day, client: label, project: label };
const ledgerQuery = z.strictObject({
  ...whose,
  run_id: z.uuid('must be the id of a run').optional(),
  limit: z.coerce.number(`must be a number from 1 to ${MOST_ROWS}`).int('must be a whole number').min(1, 'must be at least 1').max(MOST_ROWS, `must be at most ${MOST_ROWS}`).default(100),
  after: z.string().max(64).default(''),
  format: z.enum(['json', 'cloudevents'], "must be 'json' or 'cloudevents'").default('json'),
});
const dimension = z.enum(usageDimensions, `can be ${usageDimensions.join(', ')}, with commas between them`);
const statsQuery = z.strictObject({ ...whose, by: z.string().max(200).default('').transform((text) => text.split(',').map((name) => name.trim()).filter((name) => name !== '')).pipe(z.array(dimension)) });

/** /ledger: the tenant's rows as they were booked, and their sums. */
@Controller('ledger')
export class LedgerController {
  constructor(@Inject(CLIENTS) private readonly clients: ServiceClients) {}

  /** Newest first; the next page is behind `next`. As CloudEvents it is a JSON batch, and the next page is in the header `link`. */
  @Get()
  @Header('cache-control', 'no-store')
  async list(@Api() { options }: ApiCall, @Query() query: unknown, @Res() response: ServerResponse): Promise<void> {
    const asked = parseInput(ledgerQuery, query);
    const { from = '', to = '', client = '', project = '', run_id: runId = '', limit, after, format } = asked;
    const { rows, next } = await this.clients.usage.listLedger({ fromDay: from, toDay: to, client, project, runId, limit, after }, options);
    if (format === 'json') return send(response, 'application/json', { object: 'list', data: rows.map(ledgerRowJson), has_more: next !== '', next: next || null });
    if (next !== '') response.setHeader('link', `<${nextPage(asked, next)}>; rel="next"`);
    send(response, 'application/cloudevents-batch+json', rows.map(ledgerEventJson));
  }

  /** Sums of the rows, by whatever `by` names. */
  @Get('stats')
  @Header('cache-control', 'no-store')
  async stats(@Api() { options }: ApiCall, @Query() query: unknown): Promise<UsageStatsJson> {
    const { from = '', to = '', client = '', project = '', by: groupBy } = parseInput(statsQuery, query);
    return usageStatsJson(await this.clients.usage.getUsage({ fromDay: from, toDay: to, client, project, groupBy }, options));
  }
}

function send(response: ServerResponse, type: string, body: unknown): void {
  response.setHeader('content-type', `${type}; charset=utf-8`);
  response.end(JSON.stringify(body));
}

function nextPage(asked: Readonly<Record<string, unknown>>, after: string): string {
  const query = Object.entries({ ...asked, after }).filter(([, value]) => value !== undefined && value !== '');
  return `/ledger?${new URLSearchParams(query.map(([name, value]): [string, string] => [name, String(value)])).toString()}`;
}
