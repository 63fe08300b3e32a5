import { AppError } from '@nexus/core';
import type { CliContext } from './cli-context.js';
import type { Gateway } from './gateway-client.js';

/** Where one owner's dead letters are asked for. */
export interface DeadLetterDesk {
  /** `system`: the letters that no tenant could be told for. */
  readonly whose: 'tenant' | 'system';
  readonly letters: Gateway['deadLetters'];
}

/** Whom to ask. */
export interface DeskOptions {
  readonly url?: string | undefined;
  /** Only the system's. */
  readonly system?: boolean | undefined;
}

/**
 * The tenant's letters by the key; and, where the service token is known (this machine runs NEXUS), those that no tenant could be told
 * for. Only these with `system`, which throws AppError `no_service_token` where the token is not known.
 */
export async function deadLetterDesks(context: CliContext, { url, system }: DeskOptions): Promise<readonly DeadLetterDesk[]> {
  const token = context.config.serviceToken ?? context.folder.readSecret('service-token');
  if (token === undefined && system) throw new AppError('no_service_token', 'Letters that no tenant could be told for need NEXUS_SERVICE_TOKEN, the secret that the services share.');
  const [{ connectGateway }, { findGatewayUrl }] = await Promise.all([import('./gateway-client.js'), import('./gateway-access.js')]);
  const ofSystem: DeadLetterDesk[] = token === undefined ? [] : [{
    whose: 'system',
    letters: connectGateway({ url: findGatewayUrl(context.config, context.folder, url), key: token, keySource: 'NEXUS_SERVICE_TOKEN' }).deadLetters,
  }];
  return system ? ofSystem : [{ whose: 'tenant', letters: (await context.gateway({ url })).deadLetters }, ...ofSystem];
}

/** Whether letters that no tenant could be told for are among what these desks give. */
export function includesSystem(desks: readonly DeadLetterDesk[]): boolean {
  return desks.some(({ whose }) => whose === 'system');
}
