import { ProviderError, type ProviderErrorCode } from '../provider-error.js';

/** Where a call stood when the network failed it. */
export interface CallProgress {
  readonly provider: string;
  /** True when the request was on its way. */
  readonly wasSent: boolean;
  /** True when a part of a stream had arrived. */
  readonly hasStarted: boolean;
}

/** An error of the socket, of TLS, of name resolution or of a timeout, told by its code: its text may hold addresses. */
export function networkError(error: Error, progress: CallProgress): ProviderError {
  const { code, message } = classify(error, progress);
  return new ProviderError(code, message, { ...progress, cause: error });
}

function classify(error: Error, { wasSent, hasStarted }: CallProgress): { code: ProviderErrorCode; message: string } {
  const name = codeOf(error);
  if (!wasSent) return { code: 'connection', message: `cannot be reached (${name})` };
  if (name === 'UND_ERR_HEADERS_TIMEOUT') return { code: 'timeout', message: 'sent no answer in time' };
  if (name === 'UND_ERR_BODY_TIMEOUT') return { code: 'timeout', message: hasStarted ? 'went silent in the midst of its answer' : 'did not finish its answer in time' };
  if (error.name === 'HTTPParserError' || name === 'UND_ERR_HEADERS_OVERFLOW') return { code: 'bad_response', message: `did not answer in HTTP (${name})` };
  if (hasStarted) return { code: 'cut_stream', message: `broke the stream off before its end (${name})` };
  return { code: 'connection_lost', message: `lost the connection after the request was sent (${name}); whether it was processed is not known` };
}

function codeOf(error: Error): string {
  const code: unknown = 'code' in error ? error.code : undefined;
  if (typeof code === 'string') return code;
  // Several addresses were tried: the first failure stands for all.
  const inner: unknown = error instanceof AggregateError ? error.errors[0] : error.cause;
  return inner instanceof Error ? codeOf(inner) : error.name;
}
