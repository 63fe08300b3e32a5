import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { modelNames, price } from '../load/model-names.js';

/** Writes providers.yaml, routing.yaml, agents.yaml and prices.json for the cluster into `folder`. `providerUrl` ends in /v1. */
export function writeConfigFiles(folder: string, providerUrl: string): void {
  mkdirSync(folder, { recursive: true });
  const models = modelNames.map((name) => `      - { id: "${name}", price: { input: ${price.input / 1e6}, output: ${price.output / 1e6} }, max_output_tokens: 200, context_window: 100000, supports: { tools: true } }`);
  writeFileSync(join(folder, 'providers.yaml'), [
    'providers:',
    '  - name: fake',
    `    base_url: ${providerUrl}`,
    '    offered_when: always',
    '    timeouts: { connect_ms: 2000, first_byte_ms: 3000, idle_ms: 1500, total_ms: 10000 }',
    '    lookup: "{base_url}/attempts/{attempt_id}"',
    // Half of the models fail on purpose: a provider that is left alone answers nobody.
    '    breaker: { failures: 1000 }',
    '    models:',
    ...models, '',
  ].join('\n'));
  writeFileSync(join(folder, 'agents.yaml'), [
    'agents:',
    '  default:',
    '    instructions: Answer.',
    '    model: quick',
    '    tools: [count_once, look_up]',
    '    max_steps: 4',
    '    deadline_seconds: 120',
    '    max_history_messages: 4', '',
  ].join('\n'));
  // Two of the models refuse every first try: a budget of retries for a provider in trouble would be used up by them.
  writeFileSync(join(folder, 'routing.yaml'), 'retries: { most: 2, share: 1, reserve: 1000 }\n');
  writeFileSync(join(folder, 'prices.json'), '{"models":{}}');
}
