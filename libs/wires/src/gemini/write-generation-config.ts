import type { ModelRequest, ReasoningEffort, ReasoningWish, ResponseFormat } from '../hub/model-request.js';
import { modelGeneration } from './model-generation.js';

/** `generationConfig`; empty when the client said nothing of it. */
export function writeGenerationConfig(request: ModelRequest): Record<string, unknown> {
  const { maxOutputTokens, temperature, topP, topK, seed, stop, presencePenalty, frequencyPenalty, responseFormat, reasoning } = request;
  const thinkingConfig = reasoning && thinkingConfigOf(reasoning, request.model);
  return {
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...(topK !== undefined && { topK }),
    ...(seed !== undefined && { seed }),
    ...(stop.length > 0 && { stopSequences: stop }),
    ...(presencePenalty !== undefined && { presencePenalty }),
    ...(frequencyPenalty !== undefined && { frequencyPenalty }),
    ...(responseFormat && formatOf(responseFormat)),
    ...(thinkingConfig && Object.keys(thinkingConfig).length > 0 && { thinkingConfig }),
  };
}

function formatOf(format: ResponseFormat): Record<string, unknown> {
  if (format.kind === 'text') return {};
  return { responseMimeType: 'application/json', ...(format.kind === 'schema' && { responseJsonSchema: format.schema }) };
}

/** From Gemini 3 on an effort is a level, before it is a number of tokens; a number that the client gave is taken by all. */
function thinkingConfigOf({ effort, budgetTokens, isShown }: ReasoningWish, model: string): Record<string, unknown> {
  const generation = modelGeneration(model);
  return {
    ...(budgetTokens !== undefined && { thinkingBudget: budgetTokens }),
    ...(budgetTokens === undefined && effort !== undefined && (generation !== undefined && generation >= 3 ? { thinkingLevel: levelOf(effort) } : { thinkingBudget: budgetOf(effort, model) })),
    ...(isShown !== undefined && { includeThoughts: isShown }),
  };
}

/** `low` is the least that all models with levels take; none of them stops thinking altogether. */
function levelOf(effort: ReasoningEffort): string {
  switch (effort) {
    case 'none':
    case 'minimal':
    case 'low':
      return 'low';
    case 'medium':
      return 'medium';
    case 'high':
    case 'xhigh':
    case 'max':
      return 'high';
  }
}

/** The tokens that Google's own OpenAI-compatible wire stands for each effort, within what every model takes. */
function budgetOf(effort: ReasoningEffort, model: string): number {
  switch (effort) {
    case 'none':
      return model.includes('pro') ? LEAST_OF_PRO : 0;
    case 'minimal':
    case 'low':
      return 1_024;
    case 'medium':
      return 8_192;
    case 'high':
    case 'xhigh':
    case 'max':
      return 24_576;
  }
}

/** The Pro models cannot stop thinking. */
const LEAST_OF_PRO = 128;
