import type { Question, Questions } from './questions.js';
import type { GatewayClient } from './gateway-client.js';
import { questionText } from './model-behaviour.js';
import type { ModelName } from './model-names.js';

const WITHIN_MS = 30_000;

/** Asks one plain completion with an Idempotency-Key; resolves when it has its answer, or nobody may hope for one any more. */
export async function askCompletion(client: GatewayClient, questions: Questions, model: ModelName): Promise<Question> {
  const question = questions.ask('completion', model, '');
  const body = { model, max_tokens: 100, messages: [{ role: 'user', content: questionText(question.number) }] };
  const reply = await client.post('/v1/chat/completions', body, question.id, WITHIN_MS);
  if (reply === undefined) return question; // lost: the oracles say so
  const choices = reply.body['choices'] as { message?: { content?: string } }[] | undefined;
  questions.answered(question, reply.code === '' ? 'answered' : reply.code, choices?.[0]?.message?.content ?? '');
  return question;
}
