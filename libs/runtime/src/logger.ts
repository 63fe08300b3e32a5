import { AppError } from '@nexus/core';
import { pino, type Bindings, type ChildLoggerOptions, type DestinationStream, type Logger as PinoLogger } from 'pino';

export type Logger = PinoLogger;

/** The only fields that a log line may carry besides level, time and message: what people wrote and secrets have no name here. */
const allowedFields = new Set([
  'service', 'replica', 'tenant', 'request_id', 'correlation_id', 'trace_id', 'run', 'thread', 'step', 'attempt', 'execution',
  'channel', 'group', 'entry_id', 'message_id', 'deliveries', 'count', 'duration_ms', 'wait_ms', 'status', 'code', 'method',
  'provider', 'model', 'tool', 'surface', 'webhook', 'delivery', 'key_id', 'host', 'port', 'url', 'kind', 'version', 'schema', 'migrations', 'signal', 'error',
  'context', 'settings', 'reason_code', 'state', 'for_ms', 'queue', 'in_flight', 'runs', 'dead_letters', 'threshold', 'failpoints',
]);

export interface LoggerOptions {
  readonly level?: string;
  /** Default: standard output. */
  readonly destination?: DestinationStream;
}

/** A JSON logger that drops every field that is not on the allow-list, and shows of an error its class, code and place only. */
export function createLogger(options: LoggerOptions = {}): Logger {
  const settings = {
    level: options.level ?? 'info',
    base: null,
    messageKey: 'message',
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }), log: keepAllowed },
  };
  const logger = options.destination === undefined ? pino(settings) : pino(settings, options.destination);
  // pino has no formatter that its children inherit for their own fields; as a property of the first logger this is inherited by all.
  const open = logger as unknown as { child: (this: Logger, fields: Bindings, childOptions?: ChildLoggerOptions) => Logger };
  const plainChild = open.child;
  open.child = function child(fields, childOptions) {
    return plainChild.call(this, keepAllowed(fields), childOptions);
  };
  return logger;
}

/** What a log may say of an error: never the text of one that NEXUS did not write, which may quote a secret or a person. */
export function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error };
  const code = (error as { code?: unknown }).code;
  return {
    type: error.name,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(error instanceof AppError ? { message: error.message } : {}),
    place: placeOf(error),
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  };
}

function keepAllowed(fields: Record<string, unknown>): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (name === 'error' || name === 'err') kept['error'] = describeError(value);
    else if (allowedFields.has(name)) kept[name] = value;
  }
  return kept;
}

function placeOf(error: Error): string[] {
  const lines = error.stack?.split('\n').filter((line) => /^\s+at /.test(line)) ?? [];
  return lines.slice(0, 8).map((line) => line.trim());
}
