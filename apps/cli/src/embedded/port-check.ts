import { createServer } from 'node:net';
import { AppError } from '@nexus/core';

/** Resolves when the address can be listened on. Throws AppError `port_taken` or `address_unusable` that says what to change. */
export async function requireFreePort(host: string, port: number): Promise<void> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  } catch (error) {
    throw await addressError(error, host, port);
  } finally {
    server.close();
  }
}

/** What a person is told when the gateway cannot listen. */
export async function addressError(error: unknown, host: string, port: number): Promise<AppError> {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') {
    const whose = (await isNexus(host, port)) ? 'another NEXUS' : 'another program';
    return new AppError('port_taken', `Port ${port} of ${host} is in use by ${whose}. Stop it, or choose another port: NEXUS_PORT=${port === 65_535 ? port - 1 : port + 1} npm start`, { cause: error });
  }
  if (code === 'EACCES') return new AppError('port_not_allowed', `This user may not listen on port ${port}. Choose one above 1023 with NEXUS_PORT.`, { cause: error });
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') return new AppError('address_unusable', `${host} is no address of this machine. Correct NEXUS_HOST; 127.0.0.1 is the usual one.`, { cause: error });
  return AppError.from(error);
}

async function isNexus(host: string, port: number): Promise<boolean> {
  const address = host.includes(':') ? `[${host}]` : host;
  const answer = await fetch(`http://${address}:${port}/health/live`, { signal: AbortSignal.timeout(500) }).catch(() => undefined);
  return answer?.headers.has('x-request-id') ?? false;
}
