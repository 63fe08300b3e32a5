import { create } from '@bufbuild/protobuf';
import { RoutingSchema } from '@nexus/contracts';
import type { Attributes, Span } from '@nexus/runtime';
import { expect, it } from 'vitest';
import { describeRouting } from './describe-call.js';

/** What is written onto a span. */
function described(routing: Parameters<typeof create<typeof RoutingSchema>>[1]): Attributes {
  const written: Attributes = {};
  describeRouting({ setAttributes: (attributes: Attributes) => void Object.assign(written, attributes) } as Span, create(RoutingSchema, routing));
  return written;
}

it('writes how the model was chosen onto the span, and nothing of what does not apply', () => {
  expect(described({ requested: 'openai/x', model: 'openai/x', reason: 'asked for by name' })).toEqual({ 'nexus.route.model': 'openai/x', 'nexus.route.reason': 'asked for by name' });
  expect(described({
    requested: 'auto', model: 'openai/x', tier: 'fast', confidence: 0.75, reason: 'a short question: tier fast', classifier: 'rules', fallbacks: [{ model: 'own/y', code: 'breaker_open' }],
  })).toEqual({
    'nexus.route.model': 'openai/x', 'nexus.route.reason': 'a short question: tier fast', 'nexus.route.tier': 'fast', 'nexus.route.classifier': 'rules', 'nexus.route.confidence': 0.75,
    'nexus.route.fallbacks': ['own/y [breaker_open]'],
  });
});
