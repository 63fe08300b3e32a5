import type { Failpoint } from '@nexus/core';
import { pause } from '../pause.js';
import type { Replica, ServiceName } from '../cluster/replica.js';
import { leaseOwner, workOf, type FaultContext } from './fault.js';
import type { FaultRecord } from '../oracles/evidence.js';

const serviceOf: Readonly<Record<string, ServiceName>> = { gateway: 'gateway', orchestrator: 'orchestrator', router: 'provider-router', usage: 'usage', executor: 'tool-executor', settings: 'settings', channels: 'orchestrator' };

const FIRES_WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 50;

/** The named failpoints by the service that passes them. */
export function failpointsByService(names: readonly Failpoint[]): Map<ServiceName, Failpoint[]> {
  const tracks = new Map<ServiceName, Failpoint[]>();
  for (const name of names) {
    const service = serviceOf[name.split('.')[0] ?? ''];
    if (service === undefined) throw new Error(`Nobody knows which service passes ${name}: name it in failpoints.ts.`);
    tracks.set(service, [...(tracks.get(service) ?? []), name]);
  }
  return tracks;
}

/** What is passed only by the orchestrator that reads requests.incoming. */
const readersOnly: ReadonlySet<Failpoint> = new Set<Failpoint>(['orchestrator.before-accept', 'orchestrator.after-accept']);

/**
 * Lets one replica of a service die at each of these failpoints in turn: the life after each death is started with the next one. Where
 * no death came before, it is killed first, which is told to `onKill`.
 */
export async function dieAtEach(service: ServiceName, names: readonly Failpoint[], context: FaultContext, onKill: (service: ServiceName, at: number) => void, log: (line: string) => void): Promise<Omit<FaultRecord, 'doneMeanwhile'>[]> {
  const { cluster, random } = context;
  const replica = random.pick(cluster.of(service));
  const records: Omit<FaultRecord, 'doneMeanwhile'>[] = [];
  for (const name of names) {
    replica.armNextLife(`${name}@${random.int(1, 3)}`);
    if (records.at(-1)?.evidence === undefined) {
      onKill(service, Date.now());
      replica.kill();
    }
    const at = await deathAt(replica, name, context);
    log(`failpoint ${name}: ${at === undefined ? 'DID NOT HAPPEN' : `${replica.name} was killed there`}`);
    records.push({ name: `failpoint: ${name}`, startedAt: at ?? Date.now(), endedAt: at ?? Date.now(), evidence: at === undefined ? undefined : `${replica.name} passed it and was killed`, affects: workOf[service], isLoss: false, isStanding: false, sparesReplicas: false });
  }
  return records;
}

/** When the replica died at this failpoint; undefined when it did not within the time. */
async function deathAt(replica: Replica, name: Failpoint, context: FaultContext): Promise<number | undefined> {
  const known = replica.deaths.length;
  for (const until = Date.now() + FIRES_WITHIN_MS; Date.now() < until; await pause(LOOK_EVERY_MS)) {
    const death = replica.deaths.slice(known).find(({ failpoint }) => failpoint === name);
    if (death !== undefined) return death.at;
    if (readersOnly.has(name)) await letRead(replica, context);
  }
  return undefined;
}

/** Makes the others give the lease up, once this one can take it. */
async function letRead(replica: Replica, context: FaultContext): Promise<void> {
  if (!(await replica.isReady())) return;
  const owner = await leaseOwner(context).catch(() => undefined);
  if (owner !== replica.name) await context.cluster.replicas.find(({ name }) => name === owner)?.terminate();
}
