import { tally } from './answers.js';
import type { Oracle, Recovery } from './evidence.js';

/** The tool that must not be called twice was not. */
export const toolsOnce: Oracle = ({ effects }) => {
  const once = [...effects].filter(([key]) => key.startsWith('count_once/'));
  const violations = once.filter(([, count]) => count > 1).map(([key, count]) => `${key} took effect ${count} times`);
  const again = [...effects].filter(([key, count]) => key.startsWith('look_up/') && count > 1).length;
  return { oracle: 'tools at most once', checked: once.length, violations, notes: `${again} repeatable calls were repeated` };
};

/** Poison ends as a dead letter, and nothing else does. */
export const deadLettersArePoison: Oracle = ({ deadLetters, poison, faults }) => {
  const found = new Set(deadLetters.map(({ messageId }) => messageId));
  const lost = (at: number): boolean => faults.some(({ isLoss, startedAt }) => isLoss && startedAt >= at && startedAt <= at + SET_ASIDE_WITHIN_MS);
  const violations = [
    ...deadLetters.filter(({ messageId }) => !poison.some(({ id }) => id === messageId)).map(({ schema, channel, messageId, reason }) => `${schema} set aside ${messageId} of ${channel}: ${reason}`),
    ...poison.filter(({ id, publishedAt }) => !found.has(id) && !lost(publishedAt)).map(({ id }) => `${id} is no dead letter`),
    ...(deadLetters.length > found.size ? [`${deadLetters.length - found.size} messages are dead letters twice`] : []),
  ];
  return { oracle: 'dead letters', checked: poison.length, violations };
};

/** By then poison has been set aside, so that a later loss is no excuse. */
const SET_ASIDE_WITHIN_MS = 30_000;

/** No channel holds work that its group has not finished. */
export const nothingLeft: Oracle = ({ leftovers }) => {
  const violations = leftovers.filter(({ pending, lag }) => pending > 0 || lag > 0).map(({ channel, pending, lag }) => `${channel}: ${pending} pending, ${lag} not read`);
  return { oracle: 'nothing left', checked: leftovers.length, violations };
};

/** Processes ended only where the harness ended them, or while a server that they need to start was down. */
export const noOwnDeaths: Oracle = ({ deaths, outages }) => {
  const own = deaths.filter(({ isWanted, at }) => !isWanted && !outages.some(({ from, to }) => at >= from && at <= to + AFTER_OUTAGE_MS));
  return { oracle: 'no crash of its own', checked: deaths.length, violations: own.map(({ replica, how, at }) => `${replica} ended by itself: ${how}, at ${new Date(at).toISOString()}`) };
};

const AFTER_OUTAGE_MS = 3_000;

/** Every fault happened, and work of each kind that it hits was finished right after, or while it lasted where replicas were spared. */
export const faultsHappened: Oracle = ({ faults }) => {
  const violations = faults.flatMap(({ name, evidence, doneMeanwhile, sparesReplicas }) => [
    ...(evidence === undefined ? [`${name} did not happen`] : []),
    ...(evidence !== undefined && doneMeanwhile === 0 ? [`some work that ${name} hits was never finished ${sparesReplicas ? 'while it lasted' : 'while it lasted or right after'}`] : []),
  ]);
  return { oracle: 'faults happened', checked: faults.length, violations, notes: tally(faults.map(({ name }) => name.replace(/:.*/, ''))) };
};

const LONGEST_RECOVERY_MS = 15_000;
const LONGEST_HELD_MS = 30_000;

/** After a fault every kind of work that it hit goes on soon, and what was under way when it began is answered in time. */
export const recovered: Oracle = ({ recoveries, faults, questions }) => {
  const held = recoveryTimes(faults.filter(({ isStanding, evidence }) => !isStanding && evidence !== undefined).flatMap(({ startedAt }) =>
    questions.filter(({ askedAt, answeredAt }) => askedAt <= startedAt && (answeredAt ?? 0) > startedAt).map(({ answeredAt = 0 }) => ({ milliseconds: answeredAt - startedAt }))));
  const { p50, p99 } = recoveryTimes(recoveries);
  const violations = [
    ...recoveries.filter(({ milliseconds }) => milliseconds === undefined).map(({ name, work }) => `no ${work} went on after ${name}`),
    ...(p99 > LONGEST_RECOVERY_MS ? [`the p99 of recovery is ${p99} ms, more than ${LONGEST_RECOVERY_MS}`] : []),
    ...(held.p99 > LONGEST_HELD_MS ? [`what was under way at a fault was answered after ${held.p99} ms at the p99, more than ${LONGEST_HELD_MS}`] : []),
  ];
  return { oracle: 'recovery', checked: recoveries.length, violations, notes: `p50 ${p50} ms, p99 ${p99} ms; what was under way at a fault was answered after p50 ${held.p50} ms, p99 ${held.p99} ms` };
};

/** Milliseconds; 0 without any recovery. */
export function recoveryTimes(recoveries: readonly Pick<Recovery, 'milliseconds'>[]): { readonly p50: number; readonly p99: number } {
  const times = recoveries.flatMap(({ milliseconds }) => milliseconds ?? []).sort((a, b) => a - b);
  const at = (share: number): number => times[Math.min(times.length - 1, Math.ceil(times.length * share) - 1)] ?? 0;
  return { p50: at(0.5), p99: at(0.99) };
}
