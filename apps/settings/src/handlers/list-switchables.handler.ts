import { Inject, Injectable } from '@nestjs/common';
import type { ProviderStatus, Tool } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { CLIENTS, asTenant, type Caller, type ServiceClients } from '@nexus/runtime';
import type { Switchable } from '../storage/switch.repository.js';
import { ReadSettingsHandler } from './read-settings.handler.js';

const ASK_WITHIN_MS = 2_000;

/** What there is to switch: provider-router and tool-executor know it, this service knows what the tenant has switched off. */
@Injectable()
export class ListSwitchablesHandler {
  constructor(
    @Inject(CLIENTS) private readonly clients: ServiceClients,
    private readonly settings: ReadSettingsHandler,
  ) {}

  async providers(who: Caller): Promise<{ status: ProviderStatus; enabled: boolean }[]> {
    const [{ providers }, disabled] = await Promise.all([
      this.clients.providers.listProviders({}, asTenant(who.tenantId, who.trace, { requestId: who.requestId })),
      this.settings.disabled(who.tenantId, 'provider'),
    ]);
    return providers.map((status) => ({ status, enabled: !disabled.has(status.name) }));
  }

  async tools(who: Caller): Promise<{ tool: Tool; enabled: boolean }[]> {
    const [{ tools }, disabled] = await Promise.all([
      this.clients.tools.listTools({}, asTenant(who.tenantId, who.trace, { requestId: who.requestId })),
      this.settings.disabled(who.tenantId, 'tool'),
    ]);
    return tools.map((tool) => ({ tool, enabled: !disabled.has(tool.definition?.name ?? '') }));
  }

  /**
   * Throws an AppError `provider_not_found` or `tool_not_found` (404) for a name that nobody knows. When the service that knows does
   * not answer, any well-formed name passes: switching off must work then too.
   */
  async requireKnown(who: Caller, what: Switchable, name: string): Promise<void> {
    if (!/^[a-zA-Z0-9][\w.:/-]{0,127}$/.test(name)) throw new AppError(`${what}_not_found`, `There is no such ${what}.`, { status: 404, param: what });
    const known = await this.namesOf(who, what).catch(() => undefined);
    if (known !== undefined && !known.includes(name)) {
      throw new AppError(`${what}_not_found`, `There is no ${what} "${name}"; there are: ${known.join(', ') || 'none'}.`, { status: 404, param: what });
    }
  }

  private async namesOf(who: Caller, what: Switchable): Promise<string[]> {
    const options = asTenant(who.tenantId, who.trace, { timeoutMs: ASK_WITHIN_MS });
    if (what === 'provider') return (await this.clients.providers.listProviders({}, options)).providers.map((status) => status.name);
    return (await this.clients.tools.listTools({}, options)).tools.map((tool) => tool.definition?.name ?? '');
  }
}
