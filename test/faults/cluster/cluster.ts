import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '@nexus/embedded';
import { startFaultProxy, waitFor, type FaultProxy } from '@nexus/testing';
import { startBalancer, type Balancer } from './balancer.js';
import { writeConfigFiles } from './config-files.js';
import { Replica, type ServiceName } from './replica.js';
import { startCrashablePostgres, startCrashableRedis, type CrashableRedis, type CrashableServer } from './servers.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** How many replicas there are of each service. */
export const replicaCounts: Readonly<Record<ServiceName, number>> = { settings: 1, usage: 1, 'tool-executor': 1, 'provider-router': 2, orchestrator: 2, gateway: 2 };
export const services = Object.keys(replicaCounts) as ServiceName[];

export const adminKey = 'nxs_key_of_the_fault_harness_01';
export const serviceToken = 'service-token-of-the-fault-harness';

/** Times so short that every rule that waits comes to act within a test. */
const shortTimes = {
  NEXUS_LEASE_MS: '2000',
  NEXUS_SWEEP_MS: '500',
  NEXUS_STALLED_MS: '4000',
  NEXUS_CLAIM_IDLE_MS: '3000',
  NEXUS_KEYED_CALL_LEASE_MS: '3000',
  NEXUS_OWNER_TTL_MS: '3000',
  NEXUS_STRAY_AFTER_MS: '3000',
  NEXUS_RESOLVE_EVERY_MS: '500',
  NEXUS_ATTEMPT_SWEEP_MS: '1000',
  NEXUS_BUS_LOST_MS: '5000',
  NEXUS_SHUTDOWN_GRACE_MS: '6000',
  NEXUS_SHUTDOWN_NOTICE_MS: '300',
};

export interface ClusterOptions {
  /** For files and logs; stays. */
  readonly folder: string;
  readonly providerUrl: string;
  readonly effectsUrl: string;
}

/** NEXUS as it is deployed: replicas of every service as processes of their own, each behind its own proxies to Redis and Postgres. */
export class Cluster {
  readonly replicas: Replica[] = [];
  readonly gatewayUrls: string[] = [];
  private readonly balancers: Balancer[] = [];
  private readonly proxies: FaultProxy[] = [];
  readonly redis: CrashableRedis;
  readonly postgres: CrashableServer;
  private readonly options: ClusterOptions;

  private constructor(options: ClusterOptions, redis: CrashableRedis, postgres: CrashableServer) {
    this.options = options;
    this.redis = redis;
    this.postgres = postgres;
  }

  /** Resolves when every replica is ready. */
  static async start(options: ClusterOptions): Promise<Cluster> {
    mkdirSync(join(options.folder, 'logs'), { recursive: true });
    writeConfigFiles(join(options.folder, 'config'), options.providerUrl);
    const [redis, postgres] = await Promise.all([startCrashableRedis(join(options.folder, 'redis')), startCrashablePostgres(join(options.folder, 'postgres'))]);
    const cluster = new Cluster(options, redis, postgres);
    try {
      await cluster.startServices();
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  of(service: ServiceName): Replica[] {
    return this.replicas.filter((replica) => replica.service === service);
  }

  /** Waits until every replica is ready, or as many as are asked for. */
  async ready(replicas: readonly Replica[] = this.replicas, timeoutMs = 60_000): Promise<void> {
    await Promise.all(replicas.map((replica) => waitFor(() => replica.isReady(), { timeoutMs, intervalMs: 100, what: `${replica.name} being ready` })));
  }

  async stop(): Promise<void> {
    await Promise.all(this.replicas.map((replica) => replica.stop(3_000)));
    await Promise.all([...this.proxies, ...this.balancers].map((one) => one.close()));
    await Promise.all([this.redis.stop(), this.postgres.stop()]);
  }

  private async startServices(): Promise<void> {
    const ports = new Map<ServiceName, number[]>();
    for (const service of services) ports.set(service, await Promise.all(Array.from({ length: replicaCounts[service] }, () => freePort())));
    const addresses: Record<string, string> = {};
    for (const [service, own] of ports) addresses[`${variable(service)}_URL`] = `http://127.0.0.1:${await this.addressOf(own)}`;
    for (const [service, own] of ports) {
      for (const [index, port] of own.entries()) this.replicas.push(await this.replica(service, index + 1, port, addresses));
    }
    this.gatewayUrls.push(...this.of('gateway').map(({ options }) => `http://127.0.0.1:${options.port}`));
    // one of each migrates first, so that two do not wait for each other
    const first = services.flatMap((service) => this.of(service).slice(0, 1));
    for (const replica of first) replica.start();
    await this.ready(first);
    const others = this.replicas.filter((replica) => !first.includes(replica));
    for (const replica of others) replica.start();
    await this.ready(others);
  }

  private async addressOf(ports: readonly number[]): Promise<number> {
    if (ports.length === 1 && ports[0] !== undefined) return ports[0];
    const balancer = await startBalancer(ports);
    this.balancers.push(balancer);
    return balancer.port;
  }

  private async replica(service: ServiceName, number: number, port: number, addresses: Readonly<Record<string, string>>): Promise<Replica> {
    const { folder, effectsUrl } = this.options;
    const name = `${service}-${number}`;
    const [redis, postgres] = await Promise.all([startFaultProxy({ port: this.redis.port }), startFaultProxy({ port: this.postgres.port })]);
    this.proxies.push(redis, postgres);
    const databaseUrl = new URL(this.postgres.url);
    databaseUrl.port = String(postgres.port);
    return new Replica({
      service, name, port, redis, postgres,
      main: service === 'tool-executor' ? fileURLToPath(new URL('./tool-executor-main.mjs', import.meta.url)) : join(root, 'apps', service, 'dist', 'main.js'),
      logFile: join(folder, 'logs', `${name}.log`),
      environment: {
        PATH: process.env.PATH ?? '',
        ...shortTimes, ...addresses,
        [`${variable(service)}_PORT`]: String(port),
        ...(service === 'gateway' && { NEXUS_PORT: String(port) }),
        NEXUS_REPLICA: name,
        REDIS_URL: `redis://127.0.0.1:${redis.port}`,
        DATABASE_URL: databaseUrl.href,
        NEXUS_SERVICE_TOKEN: serviceToken,
        NEXUS_DEV_API_KEY: adminKey,
        NEXUS_CONFIG_DIR: join(folder, 'config'),
        NEXUS_LOG_LEVEL: 'warn',
        NODE_ENV: 'production',
        FAULTS_EFFECTS_URL: effectsUrl,
      },
    });
  }
}

function variable(service: ServiceName): string {
  return `NEXUS_${service.toUpperCase().replaceAll('-', '_')}`;
}
