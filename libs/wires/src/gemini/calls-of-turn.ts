import { AppError } from '@nexus/core';
import type { FilePart, ImagePart, ModelPart, ToolCallPart, ToolResultPart } from '../hub/model-part.js';
import { writeMedia } from './write-media.js';

interface Call {
  readonly part: ToolCallPart;
  result: ToolResultPart | undefined;
  isWritten: boolean;
}

/** The calls of one turn of the model and what came of them. Ids need be unique only within the turn. */
export class CallsOfTurn {
  private readonly calls: Call[] = [];

  get hasCalls(): boolean {
    return this.calls.length > 0;
  }

  /** Takes the calls among the parts of the model's message. */
  addCalls(parts: readonly ModelPart[]): void {
    for (const part of parts) if (part.kind === 'tool_call') this.calls.push({ part, result: undefined, isWritten: false });
  }

  /** Finds the call of a result: by its id, and where no id fits by its tool's name, in order. Throws AppError `invalid_value` where there is none. */
  addResult(result: ModelPart): void {
    if (result.kind !== 'tool_result') throw new AppError('unsupported_value', `A message of a tool holds its results, no ${result.kind}.`, { status: 400, param: 'messages' });
    const open = this.calls.filter((call) => call.result === undefined);
    const call = open.find(({ part }) => part.id === result.callId) ?? open.find(({ part }) => part.name === result.name);
    if (!call) throw new AppError('invalid_value', `The message before has no call "${result.callId}" without a result.`, { status: 400, param: 'messages' });
    call.result = result;
  }

  /** The results that were added since the last time, in the order of their calls, and the pictures and files among them behind. */
  takeResults(): { role: 'user'; parts: Record<string, unknown>[] }[] {
    const results: Record<string, unknown>[] = [];
    const media: Record<string, unknown>[] = [];
    for (const call of this.calls) {
      const { part, result, isWritten } = call;
      if (isWritten || !result) continue;
      call.isWritten = true;
      results.push({ functionResponse: { id: part.id, name: part.name, response: responseOf(result, part) } });
      const pieces = result.parts.filter((piece): piece is ImagePart | FilePart => piece.kind !== 'text');
      if (pieces.length > 0) media.push({ text: `What ${part.name} (${part.id}) gave:` }, ...pieces.map(writeMedia));
    }
    return [results, media].flatMap((parts) => (parts.length > 0 ? [{ role: 'user' as const, parts }] : []));
  }
}

/** Google's own names for what a function gave, and for its failure. */
function responseOf({ parts, isError }: ToolResultPart, { name, id }: ToolCallPart): Record<string, string> {
  const text = parts.flatMap((part) => (part.kind === 'text' ? [part.text] : [])).join('\n');
  const output = text === '' && parts.some((part) => part.kind !== 'text') ? `See what ${name} (${id}) gave, below.` : text;
  return isError ? { error: output } : { output };
}
