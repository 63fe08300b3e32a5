/** What an AppError may carry besides its code and message. */
export interface AppErrorOptions {
  /** HTTP status an edge answers with; default 500. */
  readonly status?: number;
  /** True when the same request may succeed later without a change. */
  readonly isRetryable?: boolean;
  /** The input that is wrong, e.g. `messages` or `tools[0].function.name`. */
  readonly param?: string;
  /** Milliseconds after which a retry makes sense. */
  readonly retryAfterMs?: number;
  /** The hidden cause: logged by its class name, never shown to a caller. */
  readonly cause?: unknown;
}

/** The one error that crosses a boundary: a stable code, and a message that is safe to show (no secret, no stack). */
export class AppError extends Error {
  readonly status: number;
  readonly isRetryable: boolean;
  readonly param: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(
    readonly code: string,
    message: string,
    options: AppErrorOptions = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'AppError';
    this.status = options.status ?? 500;
    this.isRetryable = options.isRetryable ?? false;
    this.param = options.param;
    this.retryAfterMs = options.retryAfterMs;
  }

  /** Any thrown value as an AppError; what is unknown becomes `internal` and keeps its text hidden in `cause`. */
  static from(error: unknown): AppError {
    if (error instanceof AppError) return error;
    return new AppError('internal', 'Something went wrong inside NEXUS. Retry, and give the request id when you report it.', { cause: error });
  }
}
