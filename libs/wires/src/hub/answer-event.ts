import type { FinishReason, ToldUsage } from './model-answer.js';

/**
 * One step of an answer that comes as a stream. `index` numbers the parts of the answer from 0 in the order in which they begin; a part
 * ends where another one begins, except that tool calls may grow side by side. Texts and arguments are appended; a signature comes whole,
 * with any event of its part, and the last one counts. The usage may come before and after the finish.
 */
export type AnswerEvent =
  | { readonly kind: 'start'; readonly id: string | undefined; readonly model: string | undefined }
  | { readonly kind: 'text'; readonly index: number; readonly text: string; readonly signature?: string | undefined }
  | { readonly kind: 'reasoning'; readonly index: number; readonly text: string; readonly signature?: string | undefined; readonly isRedacted?: boolean | undefined }
  | { readonly kind: 'refusal'; readonly index: number; readonly text: string }
  /** The first event of a call has its id and name; the others have empty ones. */
  | { readonly kind: 'tool_call'; readonly index: number; readonly id: string; readonly name: string; readonly arguments: string; readonly signature?: string | undefined }
  /** Replaces the usage told before. */
  | { readonly kind: 'usage'; readonly usage: ToldUsage }
  | { readonly kind: 'finish'; readonly reason: FinishReason; readonly stopSequence?: string | undefined }
  /** The provider said that it failed, in the midst of the stream. */
  | { readonly kind: 'error'; readonly body: unknown };
