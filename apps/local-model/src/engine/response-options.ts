import type { GenerateRequest } from '@nexus/contracts';
import type { ResponseOptions } from './llama-library.js';

/** What llama.cpp's own server takes when nobody says. */
const TEMPERATURE = 0.8;

type Sampling = Pick<ResponseOptions, 'maxTokens' | 'temperature' | 'topK' | 'topP' | 'seed' | 'repeatPenalty' | 'customStopTriggers' | 'budgets'>;

/** How the next token is chosen, and when it is enough: never more than there is room for, so that nothing of the conversation is dropped. */
export function responseOptionsOf({ parameters, topK, presencePenalty, frequencyPenalty }: GenerateRequest, room: number): Sampling {
  const { temperature = TEMPERATURE, topP, maxOutputTokens, seed, stop = [], reasoningEffort = '' } = parameters ?? {};
  const hasPenalty = (presencePenalty ?? 0) !== 0 || (frequencyPenalty ?? 0) !== 0;
  return {
    maxTokens: Math.max(1, Math.min(room, Number(maxOutputTokens ?? room))),
    temperature,
    ...(topK !== undefined && { topK }),
    ...(topP !== undefined && { topP }),
    ...(seed !== undefined && { seed: Number(BigInt.asUintN(32, seed)) }),
    repeatPenalty: hasPenalty ? { penalty: 1, ...(presencePenalty !== undefined && { presencePenalty }), ...(frequencyPenalty !== undefined && { frequencyPenalty }) } : false,
    ...(stop.length > 0 && { customStopTriggers: stop }),
    ...((reasoningEffort === 'none' || reasoningEffort === 'minimal') && { budgets: { thoughtTokens: 0 } }),
  };
}
