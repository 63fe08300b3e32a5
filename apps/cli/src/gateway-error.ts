import { ConnectError, Code } from '@connectrpc/connect';
import { ErrorSchema, fromWireError } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import type { GatewayAccess } from './gateway-access.js';

/** Errors of the network after which nothing can have answered. */
const UNREACHABLE = ['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN', 'ETIMEDOUT'];

/** What a person is told when the gateway cannot be asked, or refuses. */
export function gatewayError(error: unknown, access: GatewayAccess): AppError {
  if (error instanceof AppError) return error;
  const failure = ConnectError.from(error);
  const network = networkCode(failure);
  if (network !== undefined && UNREACHABLE.includes(network)) {
    return new AppError('not_running', `NEXUS does not answer at ${access.url} (${network}). Start it with: npm start`, { cause: error });
  }
  if (network === 'ECONNRESET' || network === 'EPIPE') {
    return new AppError('connection_lost', `The connection to ${access.url} broke. Does NEXUS still run? \`npm start\` starts it.`, { cause: error });
  }
  const detail = failure.findDetails(ErrorSchema)[0];
  const known = detail === undefined ? undefined : fromWireError(detail);
  if (failure.code === Code.Unauthenticated) {
    return new AppError(known?.code ?? 'unauthenticated', `${known?.message ?? 'The key was refused.'} The key is that of ${access.keySource}, the gateway is ${access.url}.`, { cause: error });
  }
  if (known !== undefined) return known;
  if (failure.code === Code.Unimplemented) return new AppError('unimplemented', `What answers at ${access.url} does not know this call: is it NEXUS, in this version?`, { cause: error });
  if (failure.code === Code.Canceled) return new AppError('cancelled', 'Cancelled.', { cause: error });
  return new AppError(Code[failure.code]?.toLowerCase() ?? 'internal', `${access.url} answered: ${failure.rawMessage}`, { cause: error });
}

/** The code of the innermost system error. */
function networkCode(error: unknown): string | undefined {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const code: unknown = 'code' in at ? at.code : undefined;
    if (typeof code === 'string' && /^E[A-Z_]+$/.test(code)) return code;
    if (at instanceof AggregateError) return networkCode(at.errors[0]);
  }
  return undefined;
}
