import type { TenantProvider } from '@nexus/contracts';
import { oneLine } from './one-line.js';
import { table } from './table.js';

const MODELS_SHOWN = 3;

/** The providers, what each is missing, and some of its models. */
export function providerTable(providers: readonly TenantProvider[]): string[] {
  if (providers.length === 0) return ['There is no provider.'];
  return table(
    ['NAME', 'STATE', 'URL', 'MODELS'].map((title) => ({ title })),
    providers.map((provider) => [provider.status?.name ?? '?', stateOf(provider), provider.status?.baseUrl ?? '', modelsOf(provider.status?.models ?? [])]),
  );
}

function stateOf({ enabled, status }: TenantProvider): string {
  if (!enabled) return 'switched off';
  if (status?.isConfigured) return 'ready';
  if (status?.keyVariable) return `needs ${status.keyVariable}`;
  return status?.baseUrl ? 'not in reach' : 'needs its URL';
}

function modelsOf(models: readonly string[]): string {
  const more = models.length > MODELS_SHOWN ? ` and ${models.length - MODELS_SHOWN} more` : '';
  return oneLine(models.slice(0, MODELS_SHOWN).join(', '), 80) + more;
}
