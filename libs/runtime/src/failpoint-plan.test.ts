import { describe, expect, it } from 'vitest';
import { parseFailpoints } from './failpoint-plan.js';

describe('parseFailpoints', () => {
  it('kills at the first pass unless told otherwise', () => {
    expect(parseFailpoints('router.after-send')).toEqual([{ name: 'router.after-send', pass: 1, action: { kind: 'kill' } }]);
  });

  it('takes several, each with its action and pass', () => {
    expect(parseFailpoints('usage.after-settle:error@3, router.after-open:freeze=1500,orchestrator.after-commit:stop')).toEqual([
      { name: 'usage.after-settle', pass: 3, action: { kind: 'error' } },
      { name: 'router.after-open', pass: 1, action: { kind: 'freeze', milliseconds: 1_500 } },
      { name: 'orchestrator.after-commit', pass: 1, action: { kind: 'stop' } },
    ]);
  });

  it.each(['router.nowhere', 'router.after-send:explode', 'router.after-send@first', 'ROUTER'])('refuses %s and names what there is', (text) => {
    expect(() => parseFailpoints(text)).toThrow(/the names are .*router\.after-send/);
  });
});
