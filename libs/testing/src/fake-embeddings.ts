import type { ServerResponse } from 'node:http';
import { z } from 'zod';
import { errorBody, sendJson } from './fake-reply.js';

const embeddingsRequest = z.looseObject({
  model: z.string(),
  input: z.union([z.string(), z.array(z.union([z.string(), z.number(), z.array(z.number())]))]),
  encoding_format: z.enum(['float', 'base64']).nullish(),
});

/** Answers POST /v1/embeddings: three numbers an input, its length first, as numbers or as base64 of their 32-bit floats. A token for every four characters. */
export function sendEmbeddings(body: unknown, response: ServerResponse): void {
  const parsed = embeddingsRequest.safeParse(body);
  if (!parsed.success) return sendJson(response, 400, errorBody(400, z.prettifyError(parsed.error)));
  const { model, input, encoding_format: format } = parsed.data;
  const inputs = typeof input === 'string' || typeof input[0] === 'number' ? [input] : input;
  const lengths = inputs.map((each) => (typeof each === 'number' ? 1 : each.length));
  const data = lengths.map((length, index) => ({ object: 'embedding', index, embedding: format === 'base64' ? base64([length, 0.5, -0.25]) : [length, 0.5, -0.25] }));
  const tokens = lengths.reduce((sum, length) => sum + Math.ceil(length / 4), 0);
  sendJson(response, 200, { object: 'list', model, data, usage: { prompt_tokens: tokens, total_tokens: tokens } });
}

function base64(numbers: readonly number[]): string {
  return Buffer.from(Float32Array.from(numbers).buffer).toString('base64');
}
