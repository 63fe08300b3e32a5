import type { Pool } from 'undici';
import { z } from 'zod';
import type { ProviderTarget } from '../../domain/provider-target.js';
import { ProviderError } from '../provider-error.js';
import type { Usage } from '../provider-outcome.js';
import { askJson, type JsonQuestion } from './ask-json.js';
import { readUsage } from '../openai-compatible/read-usage.js';
import { responseError } from './response-error.js';

/** What a provider says became of an attempt. Without usage it does not tell what that cost. */
export interface AttemptFate {
  readonly status: 'not_found' | 'in_progress' | 'completed' | 'failed';
  readonly usage: Usage | undefined;
}

const fateSchema = z.object({ status: z.enum(['not_found', 'in_progress', 'completed', 'failed']), usage: z.unknown().optional() });

/** Asks a provider about an attempt, once; 404 is `not_found`. Throws ProviderError; an answer that nobody can read is `bad_response`. */
export async function lookUpAttempt(pool: Pool, target: ProviderTarget, question: JsonQuestion): Promise<AttemptFate> {
  const { status, body } = await askJson(pool, target, question);
  if (status === 404) return { status: 'not_found', usage: undefined };
  if (status >= 400) throw responseError({ provider: target.name, status, body, apiKey: target.apiKey, retryAfterMs: undefined, hasStarted: false });
  const fate = fateSchema.safeParse(body);
  if (status !== 200 || !fate.success) throw new ProviderError('bad_response', 'sent no account of an attempt', { provider: target.name, wasSent: false, upstreamStatus: status });
  return { status: fate.data.status, usage: readUsage(fate.data.usage) };
}
