import type { ProgressPart } from '@nexus/contracts';
import type { ServerFrame } from './server-frame.js';

/** The names of a run, which not every part of it holds. */
export interface RunNames {
  readonly messageId: string;
  readonly threadId: string;
}

/** A live part as a frame; undefined for what the WebSocket does not tell: what a model thinks, and the events of plain completions. */
export function partFrame(part: ProgressPart, id: string, { messageId, threadId }: RunNames): ServerFrame | undefined {
  const ofRun = { message_id: messageId, run_id: part.runId };
  const status = { type: 'agent_status', ...ofRun, thread_id: threadId, id } as const;
  switch (part.part.case) {
    case 'textDelta':
      return { type: 'message_chunk', ...ofRun, id, epoch: Number(part.epoch), step: part.step, text: part.part.value };
    case 'accepted':
      return { ...status, state: 'accepted', queued_behind: part.part.value.queuedBehind };
    case 'toolStarted':
      return { ...status, state: 'tool_started', step: part.step, tool: part.part.value.call?.name ?? '' };
    case 'toolFinished':
      return { ...status, state: 'tool_finished', step: part.step, tool: part.part.value.result?.name ?? '' };
    case 'stepFinished':
      return { ...status, state: 'step', step: part.step };
    case 'reasoningDelta':
    case 'events':
    case undefined:
      return undefined;
  }
}
