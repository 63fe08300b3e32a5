/** A JSON Schema object (draft 2020-12), in the subset that OpenAI's `function.parameters` takes: `type` is `object`. */
export type ToolParameters = Readonly<Record<string, unknown>>;

/** Arguments that passed the tool's schema. */
export type ToolArguments = Readonly<Record<string, unknown>>;

/** What a call brings along besides its arguments. */
export interface ToolContext {
  /** Aborted when the time is over or the caller gave up; the tool then stops its work and throws. */
  readonly signal: AbortSignal;
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** IANA time zone of the person asking, where known. */
  readonly timezone?: string;
  /** BCP 47 locale of the person asking, where known. */
  readonly locale?: string;
  /** To be told of milliseconds that processors worked for the call in a process of the tool's own. */
  readonly spent?: (cpuMs: number) => void;
}

/** Something a model may call. It knows nothing of channels, tenants or retries; those belong to whoever runs it. */
export interface Tool {
  /** 1 to 64 letters, digits, `_` or `-`; unique in a registry. */
  readonly name: string;
  /** Written for the model: what it does, when to use it, what it answers. */
  readonly description: string;
  readonly parameters: ToolParameters;
  /** True when running twice has the effect of running once, so that a lost result may be had again. */
  readonly isIdempotent: boolean;
  /** Milliseconds for one call, everything included. */
  readonly timeoutMs: number;
  /** Bytes (UTF-8) of the longest result that is passed on; what is longer is cut. */
  readonly maxResultBytes: number;
  /** The result as text for the model. An AppError's code and message are shown to it; any other error is hidden. */
  run(args: ToolArguments, context: ToolContext): Promise<string>;
  /** Gives back what the tool holds (processes, connections); calls still running fail. */
  close?(): Promise<void>;
}

/** How a call ended; total, so that every call has an answer. */
export type ToolOutcome =
  | { readonly kind: 'ok'; readonly text: string; readonly truncated: boolean }
  | { readonly kind: 'error'; readonly code: string; readonly message: string; readonly isRetryable: boolean };
