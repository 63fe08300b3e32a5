import { create } from '@bufbuild/protobuf';
import { FallbackSchema, RoutingSchema, type Fallback, type Routing } from '@nexus/contracts';
import type { Skipped } from './choose-models.js';
import type { Classification } from './classify.js';
import type { Tier } from './tier.js';

/** What is known of how a model was chosen, while it is being tried. */
export interface RouteFacts {
  readonly requested: string;
  readonly tier: Tier | undefined;
  readonly classification: Classification | undefined;
  readonly reason: string;
}

/** The longest reason that travels: it goes into headers, spans and the ledger. */
const LONGEST_REASON = 300;

/** How the model was chosen, as it is told to whoever asked. */
export function routingOf({ requested, tier, classification, reason }: RouteFacts, model: string, fallbacks: readonly Fallback[]): Routing {
  return create(RoutingSchema, {
    requested: requested.slice(0, LONGEST_REASON), model,
    tier: tier ?? '',
    confidence: classification?.confidence ?? 0,
    reason: shortened(classification ? `${classification.reason}: ${reason}` : reason),
    classifier: classification?.classifier ?? '',
    fallbacks: [...fallbacks],
  });
}

/** A model that was passed over without an attempt. */
export function skippedFallback({ model, code, reason }: Skipped): Fallback {
  return create(FallbackSchema, { model, code, reason: shortened(reason) });
}

/** A model that was tried, and failed. */
export function failedFallback(model: string, attemptId: string, error: { readonly code: string; readonly message: string }): Fallback {
  return create(FallbackSchema, { model, code: error.code, reason: shortened(error.message), attemptId });
}

function shortened(text: string): string {
  return text.length > LONGEST_REASON ? `${text.slice(0, LONGEST_REASON - 3)}...` : text;
}
