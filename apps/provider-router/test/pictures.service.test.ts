import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { ConversationSchema, Role, type InferenceRequestSchema, type InferenceResponse, type PartSchema } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { postgresTest, redisTest } from '@nexus/testing';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { RouterUnderTest, RouterWorld, requestOf } from './router-test.js';
import { ROUTED, ROUTED_PROVIDERS, codeOf, question, routingOf } from './routing-world.js';

const postgres = postgresTest();
const redis = redisTest();
let world: RouterWorld;
let router: RouterUnderTest;
let text: string;

beforeAll(async () => {
  world = await RouterWorld.start();
  router = await RouterUnderTest.start(world, { redisUrl: redis.url, databaseUrl: postgres.url, providers: ROUTED_PROVIDERS, routing: ROUTED, environment: { TEST_OWN_URL: 'http://127.0.0.1:1/v1' } });
});
afterAll(async () => {
  await router?.stop();
  await world?.provider.close();
});
beforeEach(() => {
  world.reset();
  text = question();
});

const PICTURE = new Uint8Array(30_000).fill(7);

/** A run's question with pictures at these addresses; answers what was published beside the answer. */
async function ask(model: string, urls: readonly string[], tenantId = newId()): Promise<{ readonly answer: InferenceResponse; readonly published: string }> {
  const parts: MessageInitShape<typeof PartSchema>[] = [{ kind: { case: 'text', value: text } }, ...urls.map((url) => ({ kind: { case: 'image' as const, value: { url, mediaType: 'image/png' } } }))];
  const conversation = create(ConversationSchema, { messages: [{ role: Role.USER, parts }] });
  const fields: MessageInitShape<typeof InferenceRequestSchema> = { model, input: { case: 'conversation', value: conversation }, run: { runId: newId(), threadId: newId(), step: 1 } };
  const message = requestOf({ model }, fields, { tenantId });
  await router.bus.publish(message);
  const answer = await router.answer(message);
  return { answer, published: JSON.stringify([message.payload.input, answer.outcome.case]) };
}

/** What the provider was shown: the parts of the question. */
function shown(): readonly { readonly type: string; readonly text?: string; readonly image_url?: { readonly url: string } }[] {
  const [call] = world.calls(text);
  const messages = call?.body['messages'] as readonly { readonly content: unknown }[];
  return messages.at(-1)?.content as ReturnType<typeof shown>;
}

it('shows a model the bytes of a stored picture, which are nowhere on the bus', async () => {
  const url = world.files.add('image/png', PICTURE);
  const tenantId = newId();
  const { answer, published } = await ask('cloud/mini', [url], tenantId);
  const base64 = Buffer.from(PICTURE).toString('base64');
  expect(routingOf(answer).model).toBe('cloud/mini');
  expect(shown()[1]).toMatchObject({ type: 'image_url', image_url: { url: `data:image/png;base64,${base64}` } });
  expect(world.files.reads.at(-1)).toBe(`${tenantId} ${url.slice('nexus:file/'.length)}`);
  expect(published).not.toContain(base64.slice(0, 64));
});

it('reckons what it may cost as for a picture that stands in the request', async () => {
  const stored = world.files.add('image/png', PICTURE);
  await ask('cloud/mini', [stored]);
  await ask('cloud/mini', [`data:image/png;base64,${Buffer.from(PICTURE).toString('base64')}`]);
  await ask('cloud/mini', []);
  const [asStored, asData, without] = world.ledger.asked.slice(-3).map(({ maxInputTokens }) => Number(maxInputTokens));
  expect(asStored).toBe(asData);
  expect((asStored ?? 0) - (without ?? 0)).toBeGreaterThanOrEqual(50_000);
  expect((asStored ?? 0) - (without ?? 0)).toBeLessThan(51_000);
});

it('chooses a model that sees pictures, where the name leaves it to', async () => {
  const { answer } = await ask('balanced', [world.files.add('image/png', PICTURE)]);
  expect(routingOf(answer)).toMatchObject({ model: 'cloud/large', fallbacks: [{ model: 'cloud/mild', code: 'not_able' }] });
});

it('tells a model that sees none, and that was asked for by name, in words', async () => {
  const { answer } = await ask('cloud/mild', [world.files.add('image/png', PICTURE)]);
  expect(routingOf(answer).model).toBe('cloud/mild');
  expect(shown()).toMatchObject([{ type: 'text', text }, { type: 'text', text: '[a picture, which this model cannot see]' }]);
});

it('tells of a picture that is gone in words', async () => {
  const { answer } = await ask('cloud/mini', [`nexus:file/${newId()}`]);
  expect(codeOf(answer)).toBe('completion');
  expect(shown()[1]).toMatchObject({ type: 'text', text: '[a picture that is not kept any more]' });
});

it('has the request come again while the files cannot be read', async () => {
  world.files.failing = 1;
  const { answer } = await ask('cloud/mini', [world.files.add('image/png', PICTURE)]);
  expect(codeOf(answer)).toBe('completion');
  expect(world.calls(text)).toHaveLength(1);
});
