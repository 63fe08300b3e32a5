import type { Pool } from 'undici';
import { z } from 'zod';
import type { ProviderTarget } from '../../domain/provider-target.js';
import { ProviderError } from '../provider-error.js';
import { askJson, type JsonQuestion } from './ask-json.js';
import { responseError } from './response-error.js';

/** As OpenAI and Anthropic list them, and as Gemini does. */
const listSchema = z.union([
  z.object({ data: z.array(z.object({ id: z.string().min(1) })) }).transform(({ data }) => data.map(({ id }) => id)),
  z.object({ models: z.array(z.object({ name: z.string().min(1) })) }).transform(({ models }) => models.map(({ name }) => name)),
]);

/** Asks a provider for its models, once. Throws ProviderError; a list that nobody can read is `bad_response`. */
export async function listModels(pool: Pool, target: ProviderTarget, question: JsonQuestion): Promise<string[]> {
  const { status, body } = await askJson(pool, target, question);
  if (status >= 400) throw responseError({ provider: target.name, status, body, apiKey: target.apiKey, retryAfterMs: undefined, hasStarted: false });
  const list = listSchema.safeParse(body);
  if (status !== 200 || !list.success) throw new ProviderError('bad_response', 'sent no list of models', { provider: target.name, wasSent: false, upstreamStatus: status });
  // Gemini puts the kind of resource in front of the name.
  return list.data.map((name) => name.replace(/^models\//, ''));
}
