import { unsupportedValue } from '../hub/input-error.js';
import type { ModelRequest } from '../hub/model-request.js';
import { claudeModel } from './claude-model.js';
import { writeFormat } from './write-format.js';
import { isAfterThoughtlessCall, writeMessages } from './write-messages.js';
import { writeThinking } from './write-thinking.js';
import { writeTools } from './write-tools.js';

/** Anthropic wants a bound for every answer. Whoever calls it knows the model's and sets it; this one every model allows. */
const DEFAULT_MAX_TOKENS = 4_096;

/**
 * The body of `POST /v1/messages`. What Anthropic has no word for and the answer is right without is left out: seed, penalties, the detail of
 * pictures. Throws AppError `unsupported_value` (400) for more than one choice, sound, stop sequences of blanks, and a strict schema that it cannot enforce.
 */
export function writeRequest(request: ModelRequest): Record<string, unknown> {
  const { model, isStream, user, choices = 1, maxOutputTokens = DEFAULT_MAX_TOKENS } = request;
  if (choices > 1) throw unsupportedValue('n', 'This model gives one answer: leave n out, or set it to 1.');
  const { format, words } = writeFormat(request);
  const { system, messages } = writeMessages(request);
  const { thinking, effort } = writeThinking(request, maxOutputTokens, isAfterThoughtlessCall(messages));
  const instructions = words === undefined ? system : [...system, { type: 'text', text: words }];
  return {
    model,
    max_tokens: maxOutputTokens,
    ...(instructions.length > 0 && { system: instructions }),
    messages,
    ...writeTools(request),
    ...writeSampling(request, thinking !== undefined && thinking['type'] !== 'disabled'),
    ...writeStop(request.stop),
    ...(thinking && { thinking }),
    ...((format ?? effort) !== undefined && { output_config: { ...(effort !== undefined && { effort }), ...(format && { format }) } }),
    ...(user !== undefined && { metadata: { user_id: user } }),
    ...(isStream && { stream: true }),
  };
}

/** Newer models, and all that think, sample in their own way; the others take either the temperature or top_p. OpenAI's temperatures go up to 2, these to 1. */
function writeSampling({ model, temperature, topP, topK }: ModelRequest, isThinking: boolean): Record<string, unknown> {
  if (isThinking || !claudeModel(model).hasSampling) return {};
  return {
    ...(temperature !== undefined && { temperature: Math.min(temperature, 1) }),
    ...(topP !== undefined && temperature === undefined && { top_p: topP }),
    ...(topK !== undefined && { top_k: topK }),
  };
}

function writeStop(stop: readonly string[]): Record<string, unknown> {
  if (stop.some((sequence) => sequence.trim() === '')) throw unsupportedValue('stop', 'This model takes no stop sequence of blanks alone.');
  return stop.length > 0 ? { stop_sequences: [...stop] } : {};
}
