// The tool-executor with one more tool, the one that agent benchmarks ask for.
import 'reflect-metadata';
import { runService } from '@nexus/runtime';
import { toolExecutorServiceWith } from '@nexus/tool-executor/module';
import { prose } from './prose.mjs';

const lookup = {
  name: 'lookup',
  description: 'Looks up a record',
  parameters: { type: 'object', properties: { query: { type: 'string' } }, required: ['query'] },
  isIdempotent: true,
  timeoutMs: 5_000,
  maxResultBytes: 10_000,
  run: async ({ query }) => `Result for ${JSON.stringify(query)}: ${prose(220)}`,
};

await runService(toolExecutorServiceWith([lookup]));
