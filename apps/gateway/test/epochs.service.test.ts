import { redisTest } from '@nexus/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type GatewayUnderTest } from './gateway-test.js';

const redis = redisTest();
let gateway: GatewayUnderTest;
beforeAll(async () => {
  gateway = await startGateway(redis);
  gateway.orchestrator.isHolding = true;
});
afterAll(() => gateway.stop());

/** A stream of an agent whose run is told of as in `parts`, each the first delta of its epoch, and then answered. */
async function streamed(parts: readonly { readonly epoch: bigint; readonly text: string; readonly seq?: number }[]): Promise<string[]> {
  const count = gateway.runs.size;
  const response = gateway.call('/v1/chat/completions', { body: { model: 'agent/default', stream: true, messages: [{ role: 'user', content: 'when?' }] } });
  await expect.poll(() => gateway.runs.size).toBe(count + 1);
  const runId = [...gateway.runs.keys()].at(-1) ?? '';
  const text = (await response).text(); // its head came with the acceptance
  for (const { epoch, text: value, seq = 0 } of parts) await gateway.orchestrator.tell(runId, seq, 1, { case: 'textDelta', value }, epoch);
  await gateway.orchestrator.finish(runId);
  return (await text).trim().split('\n\n').map((event) => event.slice('data: '.length));
}

const contentOf = (events: readonly string[]): string => events.flatMap((event) => (event.startsWith('{"id"') ? [(JSON.parse(event) as { choices: { delta: { content?: string } }[] }).choices[0]?.delta.content ?? ''] : [])).join('');

describe('a stream for an OpenAI client whose model is asked again', () => {
  it('ends with an error event as soon as the new text differs, and never splices the two', async () => {
    const events = await streamed([{ epoch: 1n, text: 'It is half' }, { epoch: 2n, text: 'Noon' }, { epoch: 2n, text: ' it is.', seq: 1 }]);
    expect(contentOf(events)).toBe('It is half');
    expect(JSON.parse(events.at(-1) ?? '')).toMatchObject({ error: { code: 'stream_interrupted', message: expect.stringContaining('GET /v1/runs/') } });
    expect(events).not.toContain('[DONE]');
  });

  it('goes on when the new text begins with what was streamed', async () => {
    const events = await streamed([{ epoch: 1n, text: 'It is 224' }, { epoch: 2n, text: 'It is' }, { epoch: 1n, text: ' late', seq: 1 }, { epoch: 2n, text: ' 224, and', seq: 1 }]);
    expect(contentOf(events)).toBe('It is 224, and noon in Tokyo.');
    expect(events.at(-1)).toBe('[DONE]');
  });
});
