import type { InferenceResponse, Routing } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { startFakeProvider, type FakeProvider } from '@nexus/testing';

/** `own` is a server of one's own, `cloud` is somebody else's: that of the tests' world. `abroad` is by its address, and is never called. */
export const ROUTED_PROVIDERS = `
providers:
  - name: own
    base_url_env: TEST_OWN_URL
    breaker: { failures: 3, window_ms: 60000, open_ms: 600 }
    models:
      - { id: small, price: free, max_output_tokens: 4096, context_window: 1000, supports: { tools: false, vision: false } }
      - { id: plain, price: { input: 1, output: 1 } }
  - name: cloud
    base_url_env: TEST_FAKE_URL
    models:
      - { id: mini, price: { input: 1, output: 4 }, max_output_tokens: 4096, context_window: 100000, supports: { tools: true, vision: true } }
      - { id: large, price: { input: 10, output: 40 }, max_output_tokens: 4096, context_window: 100000, supports: { tools: true, vision: true } }
      - { id: mild, price: { input: 2, output: 8 }, supports: { vision: false } }
      - { id: vectors, mode: embedding, price: { input: 1, output: 0 } }
  - name: open
    base_url_env: TEST_FAKE_URL
    models: [{ id: unpriced }]
  - name: abroad
    base_url: https://llm.example.org/v1
    models: [{ id: far, price: free }]
  - name: narrow
    base_url_env: TEST_FAKE_URL
    limits: { requests_per_minute: 60 }
    models:
      - { id: door, price: free }
`;

export const ROUTED = `
tiers:
  fast: [own/small, cloud/mini]
  balanced: [cloud/mild]
  best: [cloud/large]
last_resort: null
fallbacks:
  own/small: [cloud/mini]
  cloud/mini: [own/plain]
  house: [own/small, cloud/mini]
retries: { most: 2, base_ms: 20, cap_ms: 40, longest_wait_ms: 3000, share: 0.1, reserve: 50 }
`;

/** A second server, whose plug can be pulled and put back. */
export class OwnServer {
  private constructor(private server: FakeProvider) {}

  static async start(): Promise<OwnServer> {
    return new OwnServer(await startFakeProvider());
  }

  get url(): string {
    return this.server.url;
  }

  get provider(): FakeProvider {
    return this.server;
  }

  calls(text: string): number {
    return this.server.requests.filter((request) => request.text.includes(text)).length;
  }

  async pullPlug(): Promise<void> {
    await this.server.close();
  }
}

export const chat = (model: string, text: string, more: object = {}) => ({ model, messages: [{ role: 'user', content: text }], ...more });

export const image = (text: string) => [{ type: 'text', text }, { type: 'image_url', image_url: { url: 'https://example.org/a.png' } }];

export const routingOf = ({ routing }: InferenceResponse): Routing => {
  if (routing === undefined) throw new Error('the answer says nothing of its routing');
  return routing;
};

export const codeOf = ({ outcome }: InferenceResponse): string => (outcome.case === 'error' ? `${outcome.value.status} ${outcome.value.code}` : String(outcome.case));

export const bodyOf = ({ outcome }: InferenceResponse): string =>
  outcome.case === 'completion' && outcome.value.output.case === 'body' ? Buffer.from(outcome.value.output.value).toString() : '';

export const question = (): string => `question ${newId()}`;
