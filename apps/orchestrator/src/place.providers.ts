import type { Provider } from '@nestjs/common';
import type { Clock } from '@nexus/core';
import type { Database } from '@nexus/postgres';
import { CLIENTS, CLOCK, DATABASE, LOGGER, TENANT_SETTINGS, type Logger, type ServiceClients, type TenantSettingsCache } from '@nexus/runtime';
import { AcceptMessagesHandler } from './handlers/accept-messages.handler.js';
import { AdvanceRunsHandler } from './handlers/advance-runs.handler.js';
import { AgentDirectory } from './handlers/agent-directory.js';
import { CommandActions } from './handlers/command-actions.js';
import { CommandsHandler } from './handlers/commands.handler.js';
import { IdentityRules } from './handlers/identity-rules.js';
import { Places } from './handlers/places.js';
import { PruneCommandsHandler } from './handlers/prune-commands.handler.js';
import { PublisherCheck } from './handlers/publisher-check.js';
import { Senders } from './handlers/senders.js';
import { StartRunsHandler } from './handlers/start-runs.handler.js';
import { CommandStore } from './storage/command.store.js';
import { PlaceStore } from './storage/place.store.js';
import { ThreadStore } from './storage/thread.store.js';

/** Who may write, and what they ask of the place where they write. */
export const placeProviders: Provider[] = [
  PruneCommandsHandler,
  { provide: PlaceStore, inject: [DATABASE], useFactory: (database: Database) => new PlaceStore(database) },
  { provide: CommandStore, inject: [DATABASE], useFactory: (database: Database) => new CommandStore(database) },
  { provide: Places, inject: [PlaceStore], useFactory: (store: PlaceStore) => new Places(store) },
  {
    provide: Senders,
    inject: [CLIENTS, TENANT_SETTINGS, CLOCK, LOGGER],
    useFactory: (clients: ServiceClients, settings: TenantSettingsCache, clock: Clock, logger: Logger) => new Senders(clients, new IdentityRules(settings, logger), clock),
  },
  {
    provide: CommandActions,
    inject: [CLIENTS, AgentDirectory, PlaceStore, CLOCK],
    useFactory: (clients: ServiceClients, agents: AgentDirectory, store: PlaceStore, clock: Clock) => new CommandActions(clients, agents, store, clock),
  },
  {
    provide: CommandsHandler,
    inject: [PublisherCheck, Senders, Places, CommandActions, CommandStore, ThreadStore, AdvanceRunsHandler, CLOCK],
    useFactory: (publishers: PublisherCheck, senders: Senders, places: Places, actions: CommandActions, store: CommandStore, threads: ThreadStore, advance: AdvanceRunsHandler, clock: Clock) =>
      new CommandsHandler({ publishers, senders, places, actions, store, threads, advance, clock }),
  },
  { provide: AcceptMessagesHandler, inject: [StartRunsHandler, CommandsHandler], useFactory: (start: StartRunsHandler, commands: CommandsHandler) => new AcceptMessagesHandler(start, commands) },
];
