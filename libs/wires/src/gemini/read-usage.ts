import type { ToldUsage } from '../hub/model-answer.js';
import type { ModalityCount, UsageMetadata } from './response.js';

/**
 * Exclusive buckets from Gemini's counts; undefined when it told none. `promptTokenCount` holds what came from the cache and what was
 * sound; what its own tools read comes on top of it. Thoughts stand beside the answer's tokens, and are a part of them only where the sum
 * of all says so, as some models count.
 */
export function readUsage(usage: UsageMetadata | undefined): ToldUsage | undefined {
  if (usage?.promptTokenCount === undefined) return undefined;
  const { promptTokenCount: prompt, toolUsePromptTokenCount: toolUse = 0, candidatesTokenCount: candidates = 0, thoughtsTokenCount: thoughts } = usage;
  const cacheRead = Math.min(prompt, usage.cachedContentTokenCount ?? 0);
  const cachedSound = Math.min(cacheRead, soundOf(usage.cacheTokensDetails));
  const sound = soundOf(usage.promptTokensDetails) - soundOf(usage.cacheTokensDetails);
  const audioInput = Math.min(prompt - cacheRead, Math.max(0, sound)) + Math.min(toolUse, soundOf(usage.toolUsePromptTokensDetails));
  const audioOutput = Math.min(candidates, soundOf(usage.candidatesTokensDetails));
  const holdsThoughts = usage.totalTokenCount === prompt + toolUse + candidates;
  const output = candidates - audioOutput + (holdsThoughts ? 0 : (thoughts ?? 0));
  return {
    input: prompt + toolUse - cacheRead - audioInput,
    output,
    cacheRead,
    cacheWrite: 0,
    reasoning: thoughts === undefined ? undefined : Math.min(thoughts, output),
    ...(cachedSound > 0 && { cachedSound }),
    ...(audioInput > 0 && { audioInput }),
    ...(audioOutput > 0 && { audioOutput }),
  };
}

function soundOf(details: readonly ModalityCount[] | undefined): number {
  return (details ?? []).reduce((sum, { modality, tokenCount }) => (modality === 'AUDIO' ? sum + tokenCount : sum), 0);
}
