import type { Dispatcher, Pool } from 'undici';
import { z } from 'zod';
import type { ProviderTarget } from '../../domain/provider-target.js';
import { ProviderError } from '../provider-error.js';
import { networkError } from './network-error.js';
import { responseError } from './response-error.js';

const MAX_LIST_BYTES = 8 * 1024 * 1024;
const listSchema = z.object({ data: z.array(z.object({ id: z.string().min(1) })) });

/** Asks a provider for its models, once. Throws ProviderError; a list that nobody can read is `bad_response`. */
export async function listModels(pool: Pool, target: ProviderTarget, request: { path: string; headers: string[]; signal: AbortSignal }): Promise<string[]> {
  const progress = { provider: target.name, wasSent: false, hasStarted: false };
  let answer: Dispatcher.ResponseData;
  let text: string;
  try {
    const { connectMs, firstByteMs, idleMs } = target.timeouts;
    answer = await pool.request({ ...request, method: 'GET', headersTimeout: Math.min(firstByteMs, connectMs), bodyTimeout: Math.min(idleMs, connectMs) });
    text = await readText(answer.body);
  } catch (error) {
    if (request.signal.aborted) throw new ProviderError('cancelled', 'the caller gave up', progress);
    throw networkError(error instanceof Error ? error : new Error('unknown', { cause: error }), progress);
  }
  const body = parseJson(text);
  if (answer.statusCode >= 400) {
    throw responseError({ provider: target.name, status: answer.statusCode, body, apiKey: target.apiKey, retryAfterMs: undefined, hasStarted: false });
  }
  const list = listSchema.safeParse(body);
  if (answer.statusCode !== 200 || !list.success) throw new ProviderError('bad_response', 'sent no list of models', { ...progress, upstreamStatus: answer.statusCode });
  // Gemini puts the kind of resource in front of the name.
  return list.data.data.map(({ id }) => id.replace(/^models\//, ''));
}

async function readText(body: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    if (!Buffer.isBuffer(chunk)) continue;
    size += chunk.length;
    if (size > MAX_LIST_BYTES) throw new Error('the list of models is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
