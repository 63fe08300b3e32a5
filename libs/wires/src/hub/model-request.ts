import type { CacheLife, ModelMessage } from './model-part.js';

/** A tool that the model may ask for. */
export interface ToolSpec {
  readonly name: string;
  readonly description: string | undefined;
  /** JSON Schema of the arguments. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly isStrict?: boolean | undefined;
  readonly cache?: CacheLife | undefined;
  /** Its client wants the one argument `input` as plain text, not as JSON: a `custom` tool of OpenAI's. `format` is the client's own. */
  readonly freeform?: { readonly format: Readonly<Record<string, unknown>> | undefined } | undefined;
  /** Its client knows it by what follows this and `__` in its name. */
  readonly namespace?: string | undefined;
}

export type ToolChoice = { readonly kind: 'auto' | 'none' | 'required' } | { readonly kind: 'tool'; readonly name: string };

/** The form that the answer must have. */
export type ResponseFormat =
  | { readonly kind: 'text' | 'json' }
  | { readonly kind: 'schema'; readonly name: string; readonly description?: string | undefined; readonly schema: Readonly<Record<string, unknown>>; readonly isStrict: boolean };

export type ReasoningEffort = 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max';

export interface ReasoningWish {
  readonly effort?: ReasoningEffort | undefined;
  /** Most tokens that may be spent on it, where the wire says it so. */
  readonly budgetTokens?: number | undefined;
  /** The thoughts, or a summary of them, are wanted in the answer. */
  readonly isShown?: boolean | undefined;
}

/**
 * A request to a model, in no provider's own form. What is undefined was not said, and is not said to the provider either. What a wire
 * has no word for is left out where the answer stays right without it, and refused (`unsupported_value`, 400) where it would be another one.
 */
export interface ModelRequest {
  /** As the client wrote it; whoever calls a provider puts in the provider's own name. */
  readonly model: string;
  readonly isStream: boolean;
  readonly messages: readonly ModelMessage[];
  readonly tools: readonly ToolSpec[];
  readonly toolChoice?: ToolChoice | undefined;
  readonly isParallelToolUse?: boolean | undefined;
  readonly maxOutputTokens?: number | undefined;
  readonly temperature?: number | undefined;
  readonly topP?: number | undefined;
  readonly topK?: number | undefined;
  readonly presencePenalty?: number | undefined;
  readonly frequencyPenalty?: number | undefined;
  readonly stop: readonly string[];
  readonly seed?: number | undefined;
  /** How many answers; default 1. */
  readonly choices?: number | undefined;
  readonly responseFormat?: ResponseFormat | undefined;
  readonly reasoning?: ReasoningWish | undefined;
  /** The client's own name of its user. */
  readonly user?: string | undefined;
  /** The usage is wanted at the end of a stream, where the wire lets clients choose. */
  readonly wantsUsage?: boolean | undefined;
}
