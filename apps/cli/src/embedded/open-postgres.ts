import { join } from 'node:path';
import type { CliContext } from '../cli-context.js';
import type { PostgresFound } from '../format/found.js';
import { placeOf } from '../format/place-of.js';
import type { EndRequest } from './end-request.js';
import { requireAnswer } from './given-postgres.js';
import { unexpectedEnd } from './unexpected-end.js';
import type { StopList } from './stop-list.js';

export interface OpenPostgres {
  /** As a role that may make roles and schemas. */
  readonly url: string;
  readonly found: PostgresFound;
}

/** The Postgres of DATABASE_URL, else a private one whose files live in the data folder. */
export async function openPostgres({ config }: CliContext, stops: StopList, end: EndRequest): Promise<OpenPostgres> {
  const given = config.databaseUrl;
  if (given !== undefined) {
    await requireAnswer(given);
    return { url: given, found: { kind: 'given', place: placeOf(given) } };
  }
  const { startPostgres } = await import('@nexus/embedded');
  const dataDir = join(config.dataDir, 'postgres');
  const server = await startPostgres({ dataDir, persistent: true });
  let isWanted = true;
  stops.add(() => {
    isWanted = false;
    return server.stop();
  });
  void server.exited.then((how) => isWanted && end.broken(unexpectedEnd('Postgres', how, dataDir)));
  return { url: server.url(), found: { kind: 'private', folder: dataDir, port: server.port } };
}
