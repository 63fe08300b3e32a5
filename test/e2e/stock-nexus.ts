import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFakeProvider, type FakeProvider } from '@nexus/testing';
import { startNexusApart, type Nexus } from './nexus-apart.js';

/** NEXUS with a fake provider behind it, whose models are `fake`, at $1 and $10 for a million tokens and alone in the tier `fast`, and `vectors`, at $1. */
export interface StockNexus {
  readonly nexus: Nexus;
  readonly provider: FakeProvider;
  stop(): Promise<void>;
}

export async function startStockNexus(environment: Readonly<Record<string, string>> = {}): Promise<StockNexus> {
  const provider = await startFakeProvider({ models: ['fake'] });
  const folder = mkdtempSync(join(tmpdir(), 'nexus-stock-'));
  writeFileSync(join(folder, 'providers.yaml'), [
    'providers:', '  - name: fake', `    base_url: ${provider.url}`, '    offered_when: always', '    models:',
    '      - { id: fake, price: { input: 1, output: 10 }, max_output_tokens: 500, context_window: 1000000, supports: { tools: true, json_schema: true } }',
    '      - { id: vectors, mode: embedding, price: { input: 1, output: 0 }, context_window: 8000 }', '',
  ].join('\n'));
  writeFileSync(join(folder, 'agents.yaml'), 'agents:\n  default:\n    instructions: Answer.\n    model: fake\n    tools: []\n');
  writeFileSync(join(folder, 'routing.yaml'), 'tiers:\n  fast: [fake/fake]\ndefault_tier: fast\nclassifier: { model: null }\nretries: { most: 0 }\n');
  writeFileSync(join(folder, 'prices.json'), '{"models":{}}');
  const end = async (): Promise<void> => {
    await provider.close();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const nexus = await startNexusApart({ NEXUS_CONFIG_DIR: folder, ...environment });
    const stop = async (): Promise<void> => {
      await nexus.stop();
      await end();
    };
    return { nexus, provider, stop };
  } catch (error) {
    await end();
    throw error;
  }
}
