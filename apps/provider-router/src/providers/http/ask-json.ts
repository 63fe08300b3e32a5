import type { Pool } from 'undici';
import type { ProviderTarget } from '../../domain/provider-target.js';
import { ProviderError } from '../provider-error.js';
import { networkError } from './network-error.js';

const MAX_BYTES = 8 * 1024 * 1024;

export interface JsonQuestion {
  readonly path: string;
  readonly headers: string[];
  readonly signal: AbortSignal;
}

/** Asks a provider with GET, once. Answers the status and the JSON of the body, or its text when it is none. Throws ProviderError. */
export async function askJson(pool: Pool, target: ProviderTarget, question: JsonQuestion): Promise<{ readonly status: number; readonly body: unknown }> {
  const progress = { provider: target.name, wasSent: false, hasStarted: false };
  try {
    const { connectMs, firstByteMs, idleMs } = target.timeouts;
    const answer = await pool.request({ ...question, method: 'GET', headersTimeout: Math.min(firstByteMs, connectMs), bodyTimeout: Math.min(idleMs, connectMs) });
    return { status: answer.statusCode, body: parseJson(await readText(answer.body)) };
  } catch (error) {
    if (question.signal.aborted) throw new ProviderError('cancelled', 'the caller gave up', progress);
    throw networkError(error instanceof Error ? error : new Error('unknown', { cause: error }), progress);
  }
}

async function readText(body: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    if (!Buffer.isBuffer(chunk)) continue;
    size += chunk.length;
    if (size > MAX_BYTES) throw new Error('the answer is too large');
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
