import { describe, expect, it } from 'vitest';
import { OpenRuns } from './open-runs.js';

describe('OpenRuns', () => {
  it('ends what is asked for when the client has gone already: nothing else would', async () => {
    const open = new OpenRuns(2);
    const ended: string[] = [];
    open.add({ runId: 'before' }).onEnd(() => ended.push('before'));
    open.endAll();
    const late = open.add({ taskId: 'late' });
    late.onEnd(() => ended.push('late'));
    await expect.poll(() => ended).toEqual(['before', 'late']);
    expect(late.isOver).toBe(true);
    open.requireRoom();
  });
});
