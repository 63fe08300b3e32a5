import { Outcome, Progress, Role, type StoredRunEvent } from '@nexus/contracts';
import { describe, expect, it } from 'vitest';
import type { Effect } from './effect.js';
import { pendingEffects } from './pending-effects.js';
import { lastState, replay, type RecordedEvent } from './replay.js';
import { decide } from './run.machine.js';
import { attemptIdOf, executionIdOf } from './run-ids.js';
import { fingerprint, newRun } from './run-state.js';
import { MAX_REPAIRS } from './stop-rules.js';
import { storedEvent } from './stored-event.js';

/** Random numbers that a seed gives again (mulberry32). */
function random(seed: number) {
  return (below: number) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** An outside world that answers effects in some way, and says things again and out of order. */
class World {
  readonly inFlight: StoredRunEvent[] = [];
  readonly delivered: StoredRunEvent[] = [];
  readonly executed: string[] = [];
  readonly invalid = new Set<string>();
  readonly asked = new Map<string, number>();

  constructor(private readonly pick: (below: number) => number) {}

  carryOut(effects: readonly Effect[], events: readonly StoredRunEvent[]) {
    for (const effect of effects) {
      if (effect.kind === 'callModel') this.answer(effect.step, effect.tryNumber);
      if (effect.kind === 'executeTools') for (const place of effect.places) this.execute(effect.step, place, events);
    }
  }

  private answer(step: number, tryNumber: number) {
    const attemptId = attemptIdOf('run', step, tryNumber);
    this.asked.set(attemptId, (this.asked.get(attemptId) ?? 0) + 1);
    const kind = this.pick(10);
    if (kind < 2) return void this.inFlight.push(storedEvent('modelFailed', { attemptId, step, error: { code: kind === 0 ? 'attempt_unknown' : 'overloaded', isRetryable: true } }));
    if (kind < 4) return void this.inFlight.push(storedEvent('modelAnswered', { attemptId, step, message: { role: Role.ASSISTANT, parts: [{ kind: { case: 'text', value: 'done' } }] } }));
    const ids = Array.from({ length: 1 + this.pick(4) }, (_, i) => `${step}.${i}`);
    const invalid = ids.filter(() => this.pick(6) === 0);
    for (const id of invalid) this.invalid.add(id);
    this.inFlight.push(storedEvent('modelAnswered', {
      attemptId, step,
      message: { role: Role.ASSISTANT, parts: ids.map((id) => ({ kind: { case: 'toolCall' as const, value: { id, name: 't', arguments: '{}' } } })) },
      invalidCalls: invalid.map((callId) => ({ callId, isError: true })),
    }));
  }

  private execute(step: number, place: number, events: readonly StoredRunEvent[]) {
    const asked = events.findLast(({ event }) => event.case === 'modelAnswered' && event.value.step === step)?.event;
    const refused = new Set(asked?.case === 'modelAnswered' ? asked.value.invalidCalls.map(({ callId }) => callId) : []);
    const calls = asked?.case === 'modelAnswered' ? (asked.value.message?.parts ?? []).flatMap(({ kind }) => (kind.case === 'toolCall' && !refused.has(kind.value.id) ? [kind.value.id] : [])) : [];
    const callId = calls[place];
    expect(callId).toBeDefined();
    this.executed.push(callId ?? '');
    this.inFlight.push(storedEvent('toolFinished', { step, executed: { executionId: executionIdOf('run', step, place), result: { callId: callId ?? '', text: 'ok' } } }));
  }

  /** Some message: one in flight, or one that came before. */
  next(): StoredRunEvent | undefined {
    if (this.delivered.length > 0 && this.pick(4) === 0) return this.delivered[this.pick(this.delivered.length)];
    const [event] = this.inFlight.splice(this.pick(this.inFlight.length || 1), 1);
    if (event !== undefined) this.delivered.push(event);
    return event;
  }
}

function live(seed: number) {
  const pick = random(seed);
  const identity = { runId: 'run', threadId: 'thread', queuedBehind: pick(3) === 0 ? 1 : 0 };
  const world = new World(pick);
  const maxSteps = 1 + pick(6);
  const stored: RecordedEvent[] = [];
  let state = newRun(identity);
  let replies = 0;
  let now = 1_000;
  world.inFlight.push(storedEvent('accepted', { messageId: 'm', request: { progress: Progress.STEPS }, agent: { maxSteps, deadlineMs: 30_000n } }));
  for (let turns = 0; turns < 200; turns++) {
    now += pick(400);
    // a cancel may come at any time; the message in whose place it comes is lost
    let event = world.next();
    if (state.phase !== 'new' && pick(60) === 0) event = storedEvent('finished', { outcome: pick(2) === 0 ? Outcome.CANCELLED : Outcome.FAILED });
    if (event === undefined && state.phase === 'queued') event = storedEvent('started', { atMs: BigInt(now) });
    if (event === undefined) {
      if (state.phase === 'over' && pick(3) === 0) break;
      const before = world.inFlight.length;
      world.carryOut(pendingEffects(state, now), stored.map((one) => one.event)); // a sweeper wakes it
      expect(world.inFlight.length > before || state.phase === 'over' || state.phase === 'queued').toBe(true);
      continue;
    }
    const decision = decide(state, event, now);
    if (decision.state === state) {
      expect(decision.effects).toEqual([]);
      continue;
    }
    state = decision.state;
    stored.push({ seq: stored.length, at: now, event, fingerprint: fingerprint(state) });
    replies += decision.effects.filter(({ kind }) => kind === 'reply').length;
    world.carryOut(decision.effects, stored.map((one) => one.event));
  }
  return { identity, world, maxSteps, stored, state, replies };
}

describe('a run in a world that repeats and reorders', () => {
  const seeds = Array.from({ length: 400 }, (_, i) => i + 1);

  it('ends with exactly one reply, within its steps, and never makes an invalid call', () => {
    const outcomes = new Set<Outcome | undefined>();
    for (const seed of seeds) {
      const { world, maxSteps, state, replies } = live(seed);
      expect({ seed, phase: state.phase, replies }).toEqual({ seed, phase: 'over', replies: 1 });
      expect(state.step, `seed ${seed}`).toBeLessThanOrEqual(maxSteps);
      expect(state.repairs, `seed ${seed}`).toBeLessThanOrEqual(MAX_REPAIRS + 1);
      expect(world.executed.filter((id) => world.invalid.has(id)), `seed ${seed}`).toEqual([]);
      outcomes.add(state.ending?.outcome);
    }
    expect(outcomes).toEqual(new Set([Outcome.ANSWERED, Outcome.FAILED, Outcome.CANCELLED]));
  });

  it('comes to the same states when its stored events are replayed', () => {
    for (const seed of seeds) {
      const { identity, stored, state } = live(seed);
      expect(replay(identity, stored).map(fingerprint)).toEqual(stored.map((one) => one.fingerprint));
      expect(lastState(identity, stored)).toEqual(state);
    }
  });
});
