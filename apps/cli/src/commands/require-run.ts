import type { GetRunResponse } from '@nexus/contracts';
import type { CliContext } from '../cli-context.js';
import { Failure } from '../exit-code.js';
import type { Gateway } from '../gateway-client.js';

/** The run of this id, message id or correlation id. Throws Failure when there is none; what is known of it was told. */
export async function requireRun(context: CliContext, gateway: Gateway, id: string, url: string | undefined): Promise<GetRunResponse> {
  const { findRun } = await import('../find-run.js');
  const found = await findRun(gateway, id);
  if (found !== undefined) return found;
  const { explainMissingRun } = await import('../explain-missing-run.js');
  for (const line of await explainMissingRun(context, id, url)) context.terminal.note(line);
  throw new Failure('no run');
}
