import type { CallPlan } from '../domain/plan-call.js';
import type { CallRequest } from './call-request.js';

/** A planned call, with the output that was granted to it. */
export function callOf(plan: CallPlan, grantedOutputTokens: number, attemptId: string): CallRequest {
  const { model: { target, upstreamModel: model }, endpoint, isPassthrough, isStream: stream, headers } = plan;
  if (endpoint === 'local') return { target, endpoint, attemptId, request: plan.requestFor(grantedOutputTokens) };
  return { target, endpoint, model, isPassthrough, headers, attemptId, body: plan.bodyFor(grantedOutputTokens), stream };
}
