/** Which event may lead from which state to which states. */
export type Transitions<S extends string, E extends string> = Readonly<Record<S, Readonly<Partial<Record<E, readonly S[]>>>>>;

/** A machine that is checked when it is made and after every move. */
export interface StateMachine<S extends string, E extends string> {
  allows(from: S, event: E): boolean;
  /** Throws when the move is not in the table: a fault in the program, never in the input. */
  assertMove(from: S, event: E, to: S): void;
}

/** Throws when a state cannot be reached from the first one, or when no way leads from it to an end. */
export function stateMachine<S extends string, E extends string>(first: S, transitions: Transitions<S, E>): StateMachine<S, E> {
  const states = Object.keys(transitions) as S[];
  const next = (state: S): readonly S[] => [...new Set((Object.values(transitions[state]) as (readonly S[])[]).flat())];
  const reached = reachable(first, next);
  for (const state of states) if (!reached.has(state)) throw new Error(`state ${state} cannot be reached from ${first}`);
  const isEnd = (state: S) => next(state).length === 0;
  for (const state of states) if (![...reachable(state, next)].some(isEnd)) throw new Error(`no way leads from state ${state} to an end`);
  return {
    allows: (from, event) => transitions[from][event] !== undefined,
    assertMove(from, event, to) {
      if (!transitions[from][event]?.includes(to)) throw new Error(`no move from ${from} to ${to} by ${event}`);
    },
  };
}

function reachable<S>(from: S, next: (state: S) => readonly S[]): ReadonlySet<S> {
  const seen = new Set<S>([from]);
  for (const state of seen) for (const following of next(state)) seen.add(following);
  return seen;
}
