// The built tool-executor with a tool whose effect outlives it: a line in the file PAID_FILE. Then it waits as long as the call says.
import 'reflect-metadata';
import { appendFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { runService } from '@nexus/runtime';
import { toolExecutorServiceWith } from '@nexus/tool-executor/module';

const pay = {
  name: 'pay',
  description: 'Pays.',
  parameters: { type: 'object', properties: { to: { type: 'string' }, waitMs: { type: 'integer' } }, required: ['to'], additionalProperties: false },
  isIdempotent: false,
  timeoutMs: 8_000,
  maxResultBytes: 256,
  run: async ({ to, waitMs = 0 }) => {
    appendFileSync(process.env.PAID_FILE, `${to}\n`);
    await delay(waitMs);
    return `paid ${to}`;
  },
};

await runService(toolExecutorServiceWith([pay]));
