import { chargeOf, type ProviderCall } from '../load/model-behaviour.js';
import { groupBy, tally } from './answers.js';
import type { Oracle, StoredAttempt } from './evidence.js';

/** No attempt reached the provider twice: that would be a second charge. */
export const oneCallPerAttempt: Oracle = ({ calls }) => {
  const byAttempt = groupBy(calls, ({ attemptId }) => attemptId);
  const violations = [...byAttempt].flatMap(([attemptId, made]) => (attemptId === '' ? [`${made.length} calls named no attempt`] : made.length > 1 ? [`the provider got attempt ${attemptId} ${made.length} times (question #${made[0]?.number})`] : []));
  return { oracle: 'one call per attempt', checked: calls.length, violations };
};

/** Every attempt that the provider saw has its ledger row, over the tokens and the cost that the provider counted. */
export const everyCallIsBooked: Oracle = ({ calls, attempts }) => {
  const byId = new Map(attempts.map((attempt) => [attempt.attemptId, attempt]));
  const violations: string[] = [];
  let [drift, charged, estimated, estimatedDrift] = [0, 0, 0, 0];
  for (const call of calls) {
    const ledger = byId.get(call.attemptId)?.ledger;
    if (ledger === undefined) {
      violations.push(`the provider got attempt ${call.attemptId} (${call.model}, #${call.number}), the ledger has no row of it; state: ${byId.get(call.attemptId)?.state ?? 'none'}`);
      continue;
    }
    const charge = chargeOf(call);
    charged += charge;
    if (ledger.isEstimated) {
      estimated++;
      estimatedDrift += ledger.cost - charge;
      if (!mayBeEstimated(call, ledger.errorCode)) violations.push(`attempt ${call.attemptId} (${call.model}) is booked by estimate although the provider told (${ledger.result} ${ledger.errorCode} ${ledger.resolution})`);
      continue;
    }
    drift += ledger.cost - charge;
    const isSame = ledger.cost === charge && (call.isRefused || (ledger.input === call.input && ledger.output === call.output));
    if (!isSame) violations.push(`attempt ${call.attemptId} (${call.model}): the provider counted ${call.input}+${call.output} tokens, ${charge} micro-USD; the ledger has ${ledger.input}+${ledger.output}, ${ledger.cost} (${ledger.result} ${ledger.errorCode} ${ledger.resolution})`);
  }
  return { oracle: 'every call is booked', checked: calls.length, violations, notes: `charged ${charged} micro-USD, drift ${drift}; ${estimated} by estimate, off by ${estimatedDrift}` };
};

/** Only where an answer ended before its usage was told. */
const mayBeEstimated = (call: ProviderCall, errorCode: string): boolean => call.isCut || ['cut_stream', 'cancelled', 'timeout'].includes(errorCode);

/** No attempt is open or unknown in the end, and none is booked that cost something and the provider never saw. */
export const attemptsAreClosed: Oracle = ({ attempts, calls }) => {
  const seen = new Set(calls.map(({ attemptId }) => attemptId));
  const violations = attempts.flatMap(({ attemptId, state, ledger }) => {
    if (state === 'open' || state === 'unknown') return [`attempt ${attemptId} is still ${state}`];
    if (state === 'settled' && ledger === undefined) return [`attempt ${attemptId} is settled without a ledger row`];
    if (ledger !== undefined && ledger.cost > 0 && !seen.has(attemptId)) return [`attempt ${attemptId} is booked with ${ledger.cost} micro-USD, and the provider never got it (${ledger.result} ${ledger.errorCode} ${ledger.resolution})`];
    return [];
  });
  return { oracle: 'attempts are closed', checked: attempts.length, violations };
};

/**
 * An attempt becomes unknown only by a fault that met it, or by a provider that does not say how a call ended; the former are no more than
 * the calls that were in flight when those faults began.
 */
export const unknownHasCause: Oracle = ({ attempts, calls, faults }) => {
  const resolved = attempts.filter(({ ledger }) => ledger !== undefined && ledger.resolution !== '');
  const callOf = new Map(calls.map((call) => [call.attemptId, call]));
  const real = faults.filter(({ isStanding, evidence }) => !isStanding && evidence !== undefined);
  const reliable = resolved.filter(({ attemptId }) => !mute.has(callOf.get(attemptId)?.model ?? ''));
  const violations = reliable.flatMap(({ attemptId, openedAt, settledAt, ledger }) => {
    const isMet = real.some(({ startedAt, endedAt }) => startedAt - SLACK_MS <= (settledAt ?? Infinity) && endedAt + SLACK_MS >= openedAt);
    return isMet ? [] : [`attempt ${attemptId} (${callOf.get(attemptId)?.model ?? 'never sent'}) was resolved by ${ledger?.resolution} and no fault met it`];
  });
  const open = real.reduce((sum, { startedAt }) => sum + inFlightAt(attempts, startedAt), 0);
  if (reliable.length > open) violations.push(`${reliable.length} attempts of reliable models became unknown, and only ${open} calls were in flight when faults began`);
  return { oracle: 'unknown has a cause', checked: resolved.length, violations, notes: `resolved: ${tally(resolved.map(({ ledger }) => ledger?.resolution ?? '')) || 'none'}; of reliable models ${reliable.length}, calls in flight at faults ${open}` };
};

const SLACK_MS = 250;

/** Models that do not say how a call ended. */
const mute: ReadonlySet<string> = new Set(['garbage', 'hanging', 'half-closed']);

const inFlightAt = (attempts: readonly StoredAttempt[], at: number): number => attempts.filter(({ openedAt, settledAt }) => openedAt <= at && (settledAt ?? Infinity) >= at).length;

/** Nothing is set aside any more, and what budgets have spent is what the ledger says. */
export const budgetsAreExact: Oracle = ({ budgets }) => {
  const violations = budgets.flatMap(({ name, reserved, spent, ledgerSum }) => [
    ...(reserved === 0 ? [] : [`the budget ${name} still has ${reserved} micro-USD reserved`]),
    ...(spent === ledgerSum ? [] : [`the budget ${name} has spent ${spent} micro-USD, its ledger says ${ledgerSum}`]),
  ]);
  return { oracle: 'budgets are exact', checked: budgets.length, violations: budgets.length === 0 ? ['there is no budget'] : violations };
};

/** What reports say is the sum of the rows of the ledger. */
export const reportsAreExact: Oracle = ({ sums }) => {
  const violations = sums.flatMap(({ name, reported, ofRows }) => {
    const wrong = (['attempts', 'cost', 'tokens'] as const).filter((figure) => reported[figure] !== ofRows[figure]);
    return wrong.map((figure) => `${name}: reports say ${reported[figure]} ${figure}, the rows of the ledger ${ofRows[figure]}`);
  });
  return { oracle: 'reports are exact', checked: sums.length, violations: sums.length === 0 ? ['there is nothing to report'] : violations };
};
