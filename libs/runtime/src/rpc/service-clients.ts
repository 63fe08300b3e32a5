import { createClient, type Client, type Transport } from '@connectrpc/connect';
import type { DescService } from '@bufbuild/protobuf';
import { AgentService, DeadLetterService, DirectoryService, FileService, Health, IdentityService, PeopleService, ProviderService, ResponseService, SettingsService, TaskService, ThreadService, ToolService, UsageService, WebhookService } from '@nexus/contracts';
import type { ServiceName } from '../service-definition.js';
import { RemoteService } from './remote-service.js';
import { serviceTransport } from './service-transport.js';

export interface ServiceClientsOptions {
  readonly serviceToken: string;
  /** Where each service answers when it does not live in this process. */
  readonly urls: Readonly<Record<ServiceName, string>>;
}

/**
 * Typed clients of every service. A service that lives in this process is called directly, any other over HTTP/2; which one it is
 * may change while clients are in use. Every call carries the service token; every failure is an AppError.
 */
export class ServiceClients {
  readonly agent: Client<typeof AgentService>;
  readonly threads: Client<typeof ThreadService>;
  readonly tasks: Client<typeof TaskService>;
  readonly responses: Client<typeof ResponseService>;
  readonly files: Client<typeof FileService>;
  readonly settings: Client<typeof SettingsService>;
  readonly people: Client<typeof PeopleService>;
  readonly identity: Client<typeof IdentityService>;
  readonly webhooks: Client<typeof WebhookService>;
  readonly directory: Client<typeof DirectoryService>;
  readonly usage: Client<typeof UsageService>;
  readonly providers: Client<typeof ProviderService>;
  readonly tools: Client<typeof ToolService>;

  private readonly local = new Map<ServiceName, Transport>();
  private readonly remote = new Map<ServiceName, RemoteService>();

  constructor(private readonly options: ServiceClientsOptions) {
    this.agent = this.client('orchestrator', AgentService);
    this.threads = this.client('orchestrator', ThreadService);
    this.tasks = this.client('orchestrator', TaskService);
    this.responses = this.client('orchestrator', ResponseService);
    this.files = this.client('orchestrator', FileService);
    this.settings = this.client('settings', SettingsService);
    this.people = this.client('settings', PeopleService);
    this.identity = this.client('settings', IdentityService);
    this.webhooks = this.client('settings', WebhookService);
    this.directory = this.client('settings', DirectoryService);
    this.usage = this.client('usage', UsageService);
    this.providers = this.client('provider-router', ProviderService);
    this.tools = this.client('tool-executor', ToolService);
  }

  deadLetters(service: ServiceName): Client<typeof DeadLetterService> {
    return this.client(service, DeadLetterService);
  }

  health(service: ServiceName): Client<typeof Health> {
    return this.client(service, Health);
  }

  /** From now on calls to `service` stay in this process. */
  offer(service: ServiceName, transport: Transport): void {
    this.local.set(service, transport);
  }

  withdraw(service: ServiceName): void {
    this.local.delete(service);
  }

  /** Closes the connections; calls under way fail. */
  close(): void {
    for (const remote of this.remote.values()) remote.close();
    this.remote.clear();
  }

  private client<T extends DescService>(service: ServiceName, description: T): Client<T> {
    return createClient(description, serviceTransport(() => this.local.get(service) ?? this.remoteTransport(service), this.options.serviceToken));
  }

  private remoteTransport(service: ServiceName): Transport {
    let remote = this.remote.get(service);
    if (remote === undefined) {
      remote = new RemoteService(this.options.urls[service]);
      this.remote.set(service, remote);
    }
    return remote.transport;
  }
}
