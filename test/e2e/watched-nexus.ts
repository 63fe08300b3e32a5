import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFakeProvider, type FakeProvider, type FakeReply, type FakeRequest } from '@nexus/testing';
import { startNexusApart, type Nexus } from './nexus-apart.js';

const providers = (url: string): string => `
providers:
  - name: cloud
    base_url: ${url}
    offered_when: always
    api_key_env: CLOUD_API_KEY
    models: [{ id: mini, price: { input: 1, output: 4 }, max_output_tokens: 200, supports: { tools: true } }]
`;
const AGENTS = `
agents:
  default: { instructions: Answer., model: cloud/mini, tools: [math_solver] }
  careless: { instructions: Answer., model: nobody/knows, tools: [] }
`;

/** The key that NEXUS shows its provider. */
export const PROVIDER_KEY = 'sk-key-of-the-provider-0123456789';
/** A word of a question that makes the model ask for its tool. */
export const NEEDS_TOOL = 'calculate';

/** NEXUS as it is deployed, with a model that costs money and calls a tool when it is asked to. */
export interface WatchedNexus {
  readonly nexus: Nexus;
  readonly provider: FakeProvider;
  stop(): Promise<void>;
}

/** Starts it; `environment` is added to all services. */
export async function startWatchedNexus(environment: Readonly<Record<string, string>>): Promise<WatchedNexus> {
  const provider = await startFakeProvider();
  provider.reply(replyTo);
  const folder = mkdtempSync(join(tmpdir(), 'nexus-watched-'));
  writeFileSync(join(folder, 'providers.yaml'), providers(provider.url));
  writeFileSync(join(folder, 'agents.yaml'), AGENTS);
  writeFileSync(join(folder, 'routing.yaml'), 'retries: { most: 1, base_ms: 10, cap_ms: 10 }\n');
  writeFileSync(join(folder, 'prices.json'), '{"models":{}}');
  const release = async (): Promise<void> => {
    await provider.close();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const nexus = await startNexusApart({ NEXUS_CONFIG_DIR: folder, CLOUD_API_KEY: PROVIDER_KEY, ...environment });
    return { nexus, provider, stop: () => nexus.stop().then(release) };
  } catch (error) {
    await release();
    throw error;
  }
}

function replyTo({ body }: FakeRequest): FakeReply {
  const last = body.messages.at(-1);
  if (last?.role === 'tool') return { text: `It is ${JSON.stringify(last.content)}.` };
  return JSON.stringify(last?.content).includes(NEEDS_TOOL) ? { toolCalls: [{ name: 'math_solver', arguments: { expression: '6*7' } }] } : { text: 'Well answered.' };
}
