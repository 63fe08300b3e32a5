import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadPriceList } from './load-price-list.js';
import { loadProviders, parseProviders } from './load-providers.js';

const configFile = (name: string): string => fileURLToPath(new URL(`../../../../config/${name}`, import.meta.url));

function faultsOf(text: string): string[] {
  try {
    parseProviders(text, 'providers.yaml');
  } catch (error) {
    return (error as Error).message.split('\n');
  }
  return [];
}

describe('RTR-1 the files that NEXUS ships', () => {
  it('describe every provider that there is a preset for', () => {
    const providers = loadProviders(configFile('providers.yaml'));
    expect(providers.map((provider) => provider.name)).toEqual([
      'demo', 'fake', 'openai', 'anthropic', 'anthropic-openai', 'gemini', 'gemini-openai', 'perplexity', 'mistral', 'groq', 'deepseek', 'xai', 'openrouter', 'ollama', 'local',
    ]);
    expect(providers.find((provider) => provider.name === 'gemini')?.keyEnv).toEqual(['GEMINI_API_KEY', 'GOOGLE_API_KEY']);
    expect(providers.find((provider) => provider.name === 'demo')?.models[1]).toMatchObject({ id: 'demo;*', price: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 } });
  });

  it('know the price of every model that is named and not free', () => {
    const prices = loadPriceList(configFile('prices.json'));
    for (const provider of loadProviders(configFile('providers.yaml'))) {
      for (const model of provider.models.filter((it) => !it.id.includes('*') && !it.price)) {
        expect(prices.lookup(provider.priceVendor, model.id), `${provider.name}/${model.id}`).toMatchObject({ mode: expect.stringMatching(/^(?:chat|responses|embedding)$/) as string, price: { input: expect.any(Number) as number } });
      }
    }
  });
});

describe('parseProviders', () => {
  it('fills in what is left out', () => {
    const [provider] = parseProviders('providers:\n  - { name: mine, base_url: "http://localhost:1/v1", models: [{ id: m, price: { input: 0.25, output: 2 } }] }', 'f');
    expect(provider).toMatchObject({
      kind: 'openai',
      offeredWhen: 'always',
      keyEnv: [],
      priceVendor: 'mine',
      streamUsage: true,
      outputLimitParameter: 'max_tokens',
      hasResponses: false,
      limits: { requestsPerMinute: undefined, tokensPerMinute: undefined },
      breaker: { failures: 5, windowMs: 60_000, openMs: 30_000 },
      timeouts: { connectMs: 10_000, firstByteMs: 300_000, idleMs: 60_000, totalMs: 900_000 },
      models: [{ id: 'm', price: { input: 250_000, output: 2_000_000, cacheRead: 250_000, cacheWrite: 250_000 } }],
    });
  });

  it('tells all faults at once, each with its line, column and path', () => {
    const text = `providers:
  - name: Open AI
    base_url: ftp://example.com
    api_key_env: sk-live-123456
    surprise: 1
    models:
      - { id: a, price: { input: -1, output: 2 } }
      - { id: "", price: cheap }
      - price: free
  - name: second
    models: []
`;
    expect(faultsOf(text)).toEqual([
      'providers.yaml:2:11: providers[0].name: must be lower-case letters, digits and dashes',
      'providers.yaml:3:15: providers[0].base_url: must be an http or https URL without user, query and fragment',
      'providers.yaml:4:18: providers[0].api_key_env: must be the name of an environment variable (like OPENAI_API_KEY); a key itself never stands in this file',
      'providers.yaml:5:5: providers[0].surprise: is not known here',
      'providers.yaml:7:34: providers[0].models[0].price.input: must not be negative',
      'providers.yaml:8:15: providers[0].models[1].id: must not be empty',
      'providers.yaml:8:26: providers[0].models[1].price: must be `free`, or input and output in USD per million tokens',
      'providers.yaml:9:9: providers[0].models[2].id: is missing',
      'providers.yaml:10:5: providers[1].base_url: base_url or base_url_env is needed',
      'providers.yaml:11:13: providers[1].models: must name at least one model or pattern',
    ]);
  });

  it('takes where a provider can be asked about an attempt, and what becomes of those it cannot be asked about', () => {
    const providers = (more: string) => `providers:\n  - { name: a, base_url: "http://h/v1", models: [{ id: m }], ${more} }`;
    expect(parseProviders(providers('lookup: "{base_url}/attempts/{attempt_id}", unknown: keep'), 'f')[0]).toMatchObject({ lookup: '{base_url}/attempts/{attempt_id}', unknown: 'keep' });
    expect(parseProviders(providers('headers: {}'), 'f')[0]).toMatchObject({ lookup: undefined, unknown: 'book_reserved' });
    for (const wrong of ['lookup: "{base_url}/attempts"', 'lookup: "ftp://h/{attempt_id}"', 'lookup: "http://u:p@h/{attempt_id}"', 'unknown: forget']) expect(faultsOf(providers(wrong)), wrong).toHaveLength(1);
  });

  it('takes the kind of a provider, what it lets through, when it rests, and what its models are', () => {
    const model = '{ id: m, mode: embedding, searches_per_call: 2, supports: { json_schema: false, audio: true, files: true }, price: { input: 1, output: 2, cache_write_1h: 3, reasoning: 4, request: 0.005, image: 0.04 } }';
    const [provider] = parseProviders(`providers:\n  - { name: a, kind: anthropic, base_url: "http://h/v1", limits: { requests_per_minute: 60, tokens_per_minute: 1000 }, breaker: { failures: 2, open_ms: 5000 }, models: [${model}] }`, 'f');
    expect(provider).toMatchObject({
      kind: 'anthropic', hasResponses: false, limits: { requestsPerMinute: 60, tokensPerMinute: 1_000 }, breaker: { failures: 2, windowMs: 60_000, openMs: 5_000 },
      models: [{
        mode: 'embedding', searchesPerCall: 2, supports: { jsonSchema: false, audio: true, files: true },
        price: { input: 1_000_000, cacheWrite1h: 3_000_000, reasoning: 4_000_000, request: 5_000_000_000, image: 40_000_000_000 },
      }],
    });
    for (const wrong of ['kind: cohere', 'limits: { requests_per_minute: 0 }', 'breaker: { failures: 1.5 }', 'responses: "yes"', 'limits: { per_hour: 1 }']) {
      expect(faultsOf(`providers:\n  - { name: a, base_url: "http://h/v1", models: [{ id: m }], ${wrong} }`), wrong).toHaveLength(1);
    }
  });

  it('never repeats a key that was written into the file', () => {
    const faults = faultsOf('providers:\n  - { name: a, base_url: "http://u:hunter2@h/v1", api_key_env: sk-live-123456, headers: { Authorization: Bearer sk-live-123456 }, models: [{ id: m }] }');
    expect(faults).toHaveLength(3);
    expect(faults.join('\n')).not.toMatch(/hunter2|sk-live/);
    expect(faults[2]).toContain('providers[0].headers.Authorization: may hold a secret');
  });

  it('refuses a provider or a model that is there twice, and rules that contradict each other', () => {
    expect(faultsOf('providers:\n  - { name: a, base_url: "http://h", models: [{ id: m }, { id: m }] }\n  - { name: a, base_url: "http://h", models: [{ id: m }] }')).toEqual([
      'providers.yaml:2:64: providers[0].models[1].id: "m" is there twice',
      'providers.yaml:3:13: providers[1].name: "a" is there twice',
    ]);
    expect(faultsOf('providers:\n  - { name: a, offered_when: key, models: [{ id: "m*", upstream_name: x }] }').map((line) => line.split(': ')[1])).toEqual([
      'providers[0].base_url',
      'providers[0].offered_when',
      'providers[0].models[0].upstream_name',
    ]);
    expect(faultsOf('providers:\n  - { name: agent, base_url: "http://h", models: [{ id: m }] }')[0]).toContain('reserved');
  });

  it('tells where a text is no YAML, and where a file is missing', () => {
    expect(faultsOf('providers:\n  - name: [a\n  - b: c: d')[0]).toMatch(/^providers\.yaml:\d+:\d+: /);
    expect(faultsOf('')).toEqual(['providers.yaml:1:1: the file: Invalid input: expected object, received null']);
    expect(() => loadProviders('no/such/providers.yaml')).toThrow(/no\/such\/providers\.yaml cannot be read/);
  });
});
