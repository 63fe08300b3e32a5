// The tool-executor with two tools whose effects the harness counts: one that may be called twice, and one that may not.
import 'reflect-metadata';
import { runService } from '@nexus/runtime';
import { toolExecutorServiceWith } from '@nexus/tool-executor/module';

const effectsUrl = process.env.FAULTS_EFFECTS_URL;

const counting = (name, isIdempotent) => ({
  name,
  description: 'Counts its calls.',
  parameters: { type: 'object', properties: { number: { type: 'integer' } }, required: ['number'], additionalProperties: false },
  isIdempotent,
  timeoutMs: 3_000,
  maxResultBytes: 1_000,
  run: async ({ number }, { signal }) => {
    const response = await fetch(`${effectsUrl}/${name}/${number}`, { method: 'POST', signal });
    return response.text();
  },
});

await runService(toolExecutorServiceWith([counting('count_once', false), counting('look_up', true)]));
