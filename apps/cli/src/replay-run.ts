import { ReplayRunResponseSchema } from '@nexus/contracts';
import { Failure } from './exit-code.js';
import { messageJson } from './format/message-json.js';
import { replayTable } from './format/replay-table.js';
import type { Gateway } from './gateway-client.js';
import type { Terminal } from './terminal.js';

/** Shows a run decided about again. Throws Failure when anything differs from what is stored; where was shown. */
export async function replayRun({ threads }: Pick<Gateway, 'threads'>, terminal: Pick<Terminal, 'line' | 'lines' | 'paint'>, runId: string, isJson: boolean): Promise<void> {
  const replay = await threads.replayRun({ id: runId });
  if (isJson) terminal.line(messageJson(ReplayRunResponseSchema, replay));
  else terminal.lines(replayTable(replay, terminal.paint));
  if (replay.divergences.length > 0) throw new Failure('the replay diverges');
}
