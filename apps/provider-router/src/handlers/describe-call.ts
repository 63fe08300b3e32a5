import type { Routing } from '@nexus/contracts';
import { costOf } from '@nexus/core';
import { attributes, type Span } from '@nexus/runtime';
import { priceOf, type MadeCall } from './answer.js';

/** Writes onto the span of a request how its last call ended and how its model was chosen. */
export function describeCall(span: Span, { plan, outcome }: Pick<MadeCall, 'plan' | 'outcome'>): void {
  const { usage } = outcome;
  span.setAttributes({
    [attributes.providerName]: plan.model.target.name,
    ...(outcome.kind === 'completed' && { [attributes.responseModel]: outcome.model, [attributes.finishReasons]: [outcome.finishReason] }),
    ...(usage && {
      [attributes.inputTokens]: usage.input + usage.cacheRead + usage.cacheWrite + (usage.cacheWrite1h ?? 0),
      [attributes.outputTokens]: usage.output,
      [attributes.cacheReadTokens]: usage.cacheRead,
      [attributes.cacheCreationTokens]: usage.cacheWrite + (usage.cacheWrite1h ?? 0),
      [attributes.reasoningTokens]: usage.reasoning,
      [attributes.costMicroUsd]: costOf(usage, priceOf(plan, outcome)),
    }),
  });
  if (outcome.kind === 'failed') span.recordError(outcome.error);
}

/** Writes onto a span how its model was chosen. */
export function describeRouting(span: Span, { model, tier, confidence, reason, classifier, fallbacks, cache }: Routing): void {
  span.setAttributes({
    [attributes.routeModel]: model,
    [attributes.routeReason]: reason,
    ...(tier !== '' && { [attributes.routeTier]: tier }),
    ...(classifier !== '' && { [attributes.routeClassifier]: classifier, [attributes.routeConfidence]: confidence }),
    ...(fallbacks.length > 0 && { [attributes.routeFallbacks]: fallbacks.map((fallback) => `${fallback.model} [${fallback.code}]`) }),
    ...(cache !== '' && { [attributes.cacheHit]: cache }),
  });
}
