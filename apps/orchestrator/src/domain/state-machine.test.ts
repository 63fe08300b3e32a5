import { describe, expect, it } from 'vitest';
import { stateMachine, type Transitions } from './state-machine.js';

type State = 'closed' | 'open' | 'broken';
type Event = 'push' | 'smash';
const door: Transitions<State, Event> = { closed: { push: ['open'], smash: ['broken'] }, open: { push: ['closed'], smash: ['broken'] }, broken: {} };

describe('stateMachine', () => {
  it('allows what its table says and refuses other moves', () => {
    const machine = stateMachine('closed', door);
    expect(machine.allows('broken', 'push')).toBe(false);
    expect(() => machine.assertMove('closed', 'push', 'open')).not.toThrow();
    expect(() => machine.assertMove('closed', 'push', 'broken')).toThrow('no move from closed to broken by push');
  });

  it('refuses at boot a state that nothing leads to', () => {
    expect(() => stateMachine('closed', { ...door, closed: { push: ['open'] }, open: { push: ['closed'] } })).toThrow('broken cannot be reached');
  });

  it('refuses at boot a state without a way out that is no end', () => {
    expect(() => stateMachine<State, Event>('closed', { closed: { push: ['open'], smash: ['broken'] }, open: { push: ['open'] }, broken: {} })).toThrow('no way leads from state open');
  });
});
