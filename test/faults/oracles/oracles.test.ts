import { describe, expect, it } from 'vitest';
import { chargeOf, type ProviderCall } from '../load/model-behaviour.js';
import type { Question } from '../load/questions.js';
import type { Sighting } from '../load/sightings.js';
import { Timeline, type Work } from '../timeline.js';
import { oracles } from './all-oracles.js';
import type { Evidence, FaultRecord, LedgerRow, StoredRun, Verdict } from './evidence.js';
import { demandOf, doneMeanwhile, isOvertaken, recoveryOf } from './progress.js';
import { leftoverOf } from './stored-state.js';

const question = (number: number, fields: Partial<Question> = {}): Question => ({
  number, kind: 'bus', model: 'quick', id: `bus-${number}`, thread: 't1', askedAt: number * 100, answeredAt: number * 100 + 50, outcome: 'answered', text: `Answer #${number} said in call ${number} and nothing else`, askedFrom: 'requests.processed', ...fields,
});
const sighting = (number: number, fields: Partial<Sighting> = {}): Sighting => ({
  stream: 'requests.processed', entryId: `${number}-0`, messageId: `bus-${number}`, at: number * 100 + 50, outcome: 'answered', errorCode: '', isRetryable: false, text: 'x', hash: `hash ${number}`, ...fields,
});
const run = (number: number, fields: Partial<StoredRun> = {}): StoredRun => ({
  runId: `run-${number}`, messageId: `bus-${number}`, threadId: 't', threadSeq: number, status: 3, createdAt: number * 100 + 10, finishedAt: number * 100 + 40, ...fields,
});
const call = (number: number, fields: Partial<ProviderCall> = {}): ProviderCall => ({ attemptId: `attempt-${number}`, model: 'quick', number, at: number * 100 + 20, isRefused: false, isCut: false, input: 40, output: 20, ...fields });
const ledger = (fields: Partial<LedgerRow> = {}): LedgerRow => ({ cost: chargeOf(call(1)), input: 40, output: 20, isEstimated: false, result: 'succeeded', errorCode: '', resolution: '', ...fields });
const fault = (fields: Partial<FaultRecord> = {}): FaultRecord => ({ name: 'FLUSHALL', startedAt: 90, endedAt: 95, evidence: 'it happened', affects: ['run'], doneMeanwhile: 3, isLoss: true, isStanding: false, sparesReplicas: false, ...fields });

/** Two questions of one thread, answered and booked as they should be, and one fault. */
const good: Evidence = {
  questions: [question(1), question(2)],
  sightings: [sighting(1), sighting(2)],
  runs: [run(1), run(2)],
  calls: [call(1), call(2)],
  attempts: [1, 2].map((number) => ({ attemptId: `attempt-${number}`, state: 'settled', reserved: 900, openedAt: number * 100 + 15, settledAt: number * 100 + 40, ledger: ledger() })),
  budgets: [{ name: 'day', spent: 520, reserved: 0, ledgerSum: 520 }],
  sums: [{ name: '2026-11-20 fake fake', reported: { attempts: 3, cost: 520, tokens: 90 }, ofRows: { attempts: 3, cost: 520, tokens: 90 } }],
  effects: new Map([['count_once/1', 1], ['look_up/2', 2]]),
  deadLetters: [{ schema: 'orchestrator', channel: 'requests.incoming', messageId: 'poison-1', reason: 'no JSON' }],
  poison: [{ id: 'poison-1', publishedAt: 50 }],
  leftovers: [{ channel: 'requests.incoming', pending: 0, lag: 0 }],
  splices: [],
  settings: { count: 4, wrong: [] },
  faults: [fault()],
  recoveries: [{ name: 'FLUSHALL', work: 'run', milliseconds: 400 }],
  deaths: [{ replica: 'usage-1', service: 'usage', at: 100, how: 'SIGKILL', failpoint: undefined, isWanted: true }],
  outages: [],
};

/** The oracles that find fault, each with its words. */
function wrong(evidence: Partial<Evidence>): Record<string, readonly string[]> {
  const verdicts: Verdict[] = oracles.map((oracle) => oracle({ ...good, ...evidence }));
  return Object.fromEntries(verdicts.filter(({ violations }) => violations.length > 0).map(({ oracle, violations }) => [oracle, violations]));
}

const found = (evidence: Partial<Evidence>): string[] => Object.keys(wrong(evidence));
const attempt = (index: number) => good.attempts[index] as (typeof good.attempts)[number];

describe('the oracles', () => {
  it('find nothing wrong where nothing is', () => {
    expect(wrong({})).toEqual({});
    expect(oracles.length).toBe(16);
  });

  it('a question without an answer, a run that is not over and a lost change of settings are lost', () => {
    expect(found({ questions: [question(1), question(2, { answeredAt: undefined, outcome: undefined })] })).toEqual(['nothing lost']);
    expect(found({ runs: [run(1), run(2, { status: 2 })] })).toEqual(['nothing lost']);
    expect(found({ settings: { count: 4, wrong: ['faults.count.1 = 4 was never acknowledged'] } })).toEqual(['nothing lost']);
  });

  it('a second answer is one that differs, or one that comes again without a loss; a refusal that invites to come again is none', () => {
    expect(wrong({ sightings: [sighting(1), sighting(2), sighting(2, { entryId: '9-0', hash: 'other' })] })['second answers']).toEqual([expect.stringContaining('differently')]);
    expect(found({ sightings: [sighting(1), sighting(2), sighting(2, { entryId: '9-0' })] })).toEqual(['second answers']);
    expect(found({ sightings: [sighting(1), sighting(2), sighting(2, { entryId: '9-0', at: 900 })], faults: [fault({ startedAt: 400, endedAt: 410 })] })).toEqual([]);
    expect(found({ sightings: [sighting(1, { isRetryable: true, hash: 'refusal' }), sighting(1), sighting(2)] })).toEqual([]);
  });

  it('the same answer on a stream that nobody asked from is a second answer, lost or not', () => {
    const elsewhere = sighting(2, { entryId: '9-0', stream: 'requests.processed:key.adapter' });
    const loss = fault({ startedAt: 240, endedAt: 245 });
    expect(wrong({ sightings: [sighting(1), sighting(2), elsewhere], faults: [loss] })['second answers']).toEqual([expect.stringContaining('asked from requests.processed, came on requests.processed:key.adapter')]);
    expect(found({ sightings: [sighting(1), elsewhere] })).toEqual(['second answers']);
    expect(found({ questions: [question(1), question(2, { askedFrom: elsewhere.stream })], sightings: [sighting(1), elsewhere] })).toEqual([]);
  });

  it('an answer to another question and a stream of two generations are wrong answers', () => {
    expect(found({ questions: [question(1), question(2, { text: 'Answer #1 said in call 1 and nothing else' })] })).toEqual(['right answers']);
    expect(found({ splices: [{ number: 1, streamed: 'Answer #1 Answer #1', answer: 'Answer #1' }] })).toEqual(['right answers']);
  });

  it('an error of a reliable model is wrong where no fault met it; what stands from start to end is no such fault', () => {
    const failed = [question(1), question(2, { outcome: 'attempt_unknown', text: '' })];
    const during = { startedAt: 220, endedAt: 220 };
    const words = [expect.stringContaining('bus-2 (quick) ended with attempt_unknown and no fault met it'), expect.stringContaining('1 questions')];
    expect(wrong({ questions: failed, faults: [] })['right answers']).toEqual(words);
    expect(wrong({ questions: failed, faults: [fault({ isStanding: true, startedAt: 0, endedAt: 10_000 })] })['right answers']).toEqual(words);
    expect(wrong({ questions: failed, faults: [fault({ ...during, evidence: undefined })] })['right answers']).toEqual(words);
    expect(found({ questions: failed, faults: [fault(during)] })).toEqual([]);
    expect(found({ questions: [question(1), question(2, { outcome: 'bad_response', text: '', model: 'error-body' })] })).toEqual([]);
  });

  it('more errors of reliable models than questions were under way when faults began are wrong', () => {
    const failed = [1, 2].map((number) => question(number, { outcome: 'attempt_unknown', text: '' }));
    expect(wrong({ questions: failed, faults: [fault({ startedAt: 120, endedAt: 300 })] })['right answers']).toEqual([expect.stringContaining('2 questions to reliable models ended with errors, and only 1')]);
  });

  it('order: accepted or answered the other way round, unless Redis lost the first', () => {
    const swapped = { runs: [run(1, { threadSeq: 2, createdAt: 300 }), run(2, { threadSeq: 1 })] };
    expect(found({ ...swapped, faults: [fault({ startedAt: 50, endedAt: 60 })] })).toEqual(['order']);
    expect(found({ ...swapped, faults: [fault({ startedAt: 150, endedAt: 160 })] })).toEqual([]);
    expect(found({ ...swapped, faults: [fault({ startedAt: 150, endedAt: 160, isLoss: false })] })).toEqual(['order']);
    expect(found({ sightings: [sighting(2), sighting(1)] })).toEqual(['order']);
  });

  it('an attempt that the provider got twice, or without a name', () => {
    expect(found({ calls: [call(1), call(2), call(2)] })).toEqual(['one call per attempt']);
    expect(found({ calls: [call(1), call(2), call(3, { attemptId: '' })] })).toContain('one call per attempt');
  });

  it('a call without its ledger row, with another cost or other tokens, or by estimate without need', () => {
    expect(found({ calls: [call(1), call(2), call(3)] })).toEqual(['every call is booked']);
    for (const fields of [{ cost: 261 }, { input: 41 }, { isEstimated: true }]) expect(found({ attempts: [attempt(0), { ...attempt(1), ledger: ledger(fields) }] })).toEqual(['every call is booked']);
    expect(found({ calls: [call(1), call(2, { isCut: true, model: 'half-closed' })], attempts: [attempt(0), { ...attempt(1), ledger: ledger({ isEstimated: true, cost: 3 }) }] })).toEqual([]);
  });

  it('an attempt that stays open or unknown, or costs what the provider never charged', () => {
    expect(found({ attempts: [attempt(0), attempt(1), { ...attempt(1), attemptId: 'attempt-3', state: 'unknown', ledger: undefined }] })).toEqual(['attempts are closed']);
    expect(found({ attempts: [attempt(0), attempt(1), { ...attempt(1), attemptId: 'attempt-3' }] })).toEqual(['attempts are closed']);
  });

  it('an attempt that was resolved although no fault met it', () => {
    const attempts = [attempt(0), { ...attempt(1), openedAt: 5_000, settledAt: 5_100, ledger: ledger({ resolution: 'provider' }) }];
    expect(found({ attempts })).toEqual(['unknown has a cause']);
    expect(found({ attempts, faults: [fault({ startedAt: 5_050, endedAt: 5_050 })] })).toEqual([]);
  });

  it('what stands from start to end explains no unknown attempt but that of a model that does not say how a call ended', () => {
    const attempts = [attempt(0), { ...attempt(1), openedAt: 5_000, settledAt: 5_100, ledger: ledger({ resolution: 'provider' }) }];
    const faults = [fault({ isStanding: true, isLoss: false, startedAt: 0, endedAt: 10_000 })];
    expect(wrong({ attempts, faults })['unknown has a cause']).toEqual([expect.stringContaining('attempt-2 (quick) was resolved by provider and no fault met it'), expect.stringContaining('1 attempts')]);
    expect(found({ attempts, faults, calls: [call(1), call(2, { model: 'hanging' })] })).toEqual([]);
  });

  it('more unknown attempts than calls were in flight when faults began', () => {
    const attempts = [attempt(0), ...[200, 320].map((openedAt, index) => ({ ...attempt(1), attemptId: `attempt-${index + 2}`, openedAt, settledAt: openedAt + 50, ledger: ledger({ resolution: 'owner' }) }))];
    const calls = [call(1), call(2), call(3)];
    expect(wrong({ attempts, calls, faults: [fault({ startedAt: 210, endedAt: 350 })] })).toEqual({ 'unknown has a cause': [expect.stringContaining('2 attempts of reliable models became unknown, and only 1')] });
    expect(found({ attempts, calls, faults: [fault({ startedAt: 210, endedAt: 350 }), fault({ startedAt: 330, endedAt: 350 })] })).toEqual([]);
  });

  it('a report that says something else than the rows of the ledger, or nothing at all', () => {
    const figures = { attempts: 3, cost: 520, tokens: 90 };
    for (const wrong of [{ attempts: 2 }, { cost: 521 }, { tokens: 0 }]) expect(found({ sums: [{ name: 'a day', reported: { ...figures, ...wrong }, ofRows: figures }] })).toEqual(['reports are exact']);
    expect(found({ sums: [] })).toEqual(['reports are exact']);
  });

  it('a budget that keeps a reservation, or has spent something else than its ledger', () => {
    expect(found({ budgets: [{ name: 'day', spent: 520, reserved: 1, ledgerSum: 520 }] })).toEqual(['budgets are exact']);
    expect(found({ budgets: [{ name: 'day', spent: 520, reserved: 0, ledgerSum: 521 }] })).toEqual(['budgets are exact']);
    expect(found({ budgets: [] })).toEqual(['budgets are exact']);
  });

  it('a tool that took effect twice and must not', () => {
    expect(found({ effects: new Map([['count_once/1', 2]]) })).toEqual(['tools at most once']);
  });

  it('a dead letter that is no poison, poison that is none, work that is left over', () => {
    const lossless = { faults: [fault({ isLoss: false })] };
    expect(found({ deadLetters: [...good.deadLetters, { schema: 'usage', channel: 'usage.recorded', messageId: 'x', reason: 'y' }] })).toEqual(['dead letters']);
    expect(found({ ...lossless, deadLetters: [] })).toEqual(['dead letters']);
    expect(found({ leftovers: [{ channel: 'tools.execute', pending: 1, lag: 0 }] })).toEqual(['nothing left']);
  });

  it('poison that is no dead letter is excused by a loss right after it only', () => {
    expect(found({ deadLetters: [], faults: [fault({ startedAt: 90, endedAt: 95 })] })).toEqual([]);
    expect(found({ deadLetters: [], faults: [fault({ startedAt: 40, endedAt: 45 })] })).toEqual(['dead letters']);
    expect(found({ deadLetters: [], faults: [fault({ startedAt: 40_000, endedAt: 40_000 })] })).toEqual(['dead letters']);
  });

  it('a stream without its group, or whose lag nobody knows, is finished only when its last entry was handed out', () => {
    const left = (group: Readonly<Record<string, unknown>> | undefined, last: string | undefined, length: number): string[] => found({ leftovers: [leftoverOf('tools.execute', group, { last, length })] });
    const group = { name: 'tool-executor', pending: 0, 'last-delivered-id': '10-2', lag: null };
    expect(left(undefined, '10-2', 3)).toEqual(['nothing left']);
    expect(left(undefined, undefined, 0)).toEqual([]);
    expect(left(group, '10-3', 3)).toEqual(['nothing left']);
    expect(left(group, '10-2', 3)).toEqual([]);
    expect(left(group, undefined, 0)).toEqual([]);
    expect(left({ ...group, lag: 1 }, '10-3', 3)).toEqual(['nothing left']);
    expect(left({ ...group, lag: 0 }, '10-3', 3)).toEqual(['nothing left']);
    expect(left({ ...group, lag: 7 }, '10-2', 3)).toEqual([]); // as after a restart of Redis
    expect(left({ ...group, pending: 1, lag: 0 }, '10-2', 3)).toEqual(['nothing left']);
  });

  it('a process that ended by itself, except while a server was down', () => {
    const deaths = [{ replica: 'usage-1', service: 'usage', at: 500, how: 'code 1', failpoint: undefined, isWanted: false }] as const;
    expect(found({ deaths })).toEqual(['no crash of its own']);
    expect(found({ deaths, outages: [{ from: 400, to: 450 }] })).toEqual([]);
  });

  it('a fault that did not happen, one during which nothing was done, and a slow recovery', () => {
    expect(found({ faults: [fault({ evidence: undefined })] })).toEqual(['faults happened']);
    expect(found({ faults: [fault({ doneMeanwhile: 0 })] })).toEqual(['faults happened']);
    expect(found({ recoveries: [{ name: 'x', work: 'run', milliseconds: undefined }] })).toEqual(['recovery']);
    expect(found({ recoveries: [{ name: 'x', work: 'run', milliseconds: 15_001 }] })).toEqual(['recovery']);
  });

  it('what was under way at a fault and is answered after more than half a minute', () => {
    const late = [question(1), question(2, { answeredAt: 230 + 30_001 })];
    const faults = [fault({ startedAt: 230, endedAt: 230, isLoss: false })];
    expect(wrong({ questions: late, faults })).toEqual({ recovery: [expect.stringContaining('answered after 30001 ms')] });
    expect(found({ questions: late, faults: [fault({ isStanding: true, startedAt: 230, endedAt: 90_000, isLoss: false })] })).toEqual([]);
    expect(found({ questions: [question(1), question(2, { answeredAt: 230 + 30_000 })], faults })).toEqual([]);
  });
});

describe('progress at a fault', () => {
  const done = (times: Partial<Record<Work, readonly number[]>>): Timeline => {
    const timeline = new Timeline();
    for (const [work, all] of Object.entries(times) as [Work, readonly number[]][]) for (const at of all) timeline.note(work, at);
    return timeline;
  };
  const both = fault({ affects: ['run', 'completion'], startedAt: 1_000, endedAt: 1_000 });
  const asked = [question(1, { askedAt: 900, answeredAt: 1_100 }), question(2, { kind: 'completion', askedAt: 950, answeredAt: 9_000 })];

  it('is that of the slowest kind that was asked for', () => {
    const timeline = done({ run: [1_100], completion: [9_000] });
    expect(recoveryOf(both, timeline, demandOf(asked, []))).toEqual({ name: 'FLUSHALL', work: 'completion', milliseconds: 8_000 });
    expect(recoveryOf(both, timeline, demandOf(asked.slice(0, 1), []))).toMatchObject({ work: 'run', milliseconds: 100 });
    expect(recoveryOf(both, done({ run: [1_100] }), demandOf(asked, []))).toMatchObject({ work: 'completion', milliseconds: undefined });
    expect(recoveryOf({ ...both, affects: ['run', 'setting'] }, timeline, demandOf(asked, [{ from: 990, to: undefined }]))).toMatchObject({ work: 'setting', milliseconds: undefined });
  });

  it('is due from when work was asked for; runs are due always, what a misbehaving provider holds never', () => {
    const late = question(2, { kind: 'completion', askedAt: 4_000, answeredAt: 4_500 });
    expect(recoveryOf({ ...both, affects: ['completion'] }, done({ completion: [4_500] }), demandOf([late], []))).toMatchObject({ milliseconds: 500 });
    expect(recoveryOf({ ...both, affects: ['completion'] }, done({}), demandOf([{ ...late, model: 'hanging' }], []))).toBeUndefined();
    expect(recoveryOf(both, done({}), demandOf([], []))).toMatchObject({ work: 'run', milliseconds: undefined });
  });

  it('counts from the last of faults in a row, and always when nothing goes on', () => {
    const at = (startedAt: number): Omit<FaultRecord, 'doneMeanwhile'> => ({ ...both, startedAt, endedAt: startedAt });
    const row = [at(1_000), at(4_000), at(9_000)];
    const [first = both, second = both, last = both] = row;
    expect(isOvertaken(first, { milliseconds: 8_500 }, row)).toBe(true);
    expect(isOvertaken(second, { milliseconds: 4_000 }, row)).toBe(false);
    expect(isOvertaken(last, { milliseconds: 500 }, row)).toBe(false);
    expect(isOvertaken(first, { milliseconds: undefined }, row)).toBe(false);
  });

  it('of one kind does not stand for another', () => {
    expect(doneMeanwhile(both, done({ run: [1_100, 1_200], completion: [9_000] }), demandOf(asked, []))).toBe(1);
    expect(doneMeanwhile(both, done({ run: [1_100, 1_200] }), demandOf(asked, []))).toBe(0);
    expect(doneMeanwhile({ ...both, isStanding: true }, done({ run: [1_000] }), demandOf([], []))).toBe(0);
  });

  it('counts until the end of a fault that spares replicas, and for a while after others', () => {
    const long = { ...both, endedAt: 7_000 };
    const timeline = done({ run: [7_500], completion: [9_000] });
    expect(doneMeanwhile({ ...long, sparesReplicas: true }, timeline, demandOf(asked, []))).toBe(0);
    expect(doneMeanwhile(long, timeline, demandOf(asked, []))).toBe(1);
  });
});
