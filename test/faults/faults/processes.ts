import { replicaCounts } from '../cluster/cluster.js';
import type { Replica, ServiceName } from '../cluster/replica.js';
import { pause } from '../pause.js';
import { leaseOwner, workOf, type Fault, type FaultContext } from './fault.js';

/** How long a fault waits for a replica that the fault before it took away. */
const ALIVE_WITHIN_MS = 10_000;

/** Some replica of a service of which `is` holds, as soon as there is one. */
async function someOf({ cluster, random }: FaultContext, service: ServiceName, is: (replica: Replica) => boolean | Promise<boolean>): Promise<Replica | undefined> {
  const replicas = random.shuffle(cluster.of(service));
  for (const until = Date.now() + ALIVE_WITHIN_MS; Date.now() < until; await pause(50)) {
    for (const replica of replicas) if (await is(replica)) return replica;
  }
  return undefined;
}

const aliveOf = (context: FaultContext, service: ServiceName): Promise<Replica | undefined> => someOf(context, service, ({ isAlive }) => isAlive);

/** kill -9 of some replica of a service. */
export const kill = (service: ServiceName): Fault => ({
  name: `kill -9: ${service}`,
  affects: workOf[service],
  happen: async (context) => {
    const replica = await aliveOf(context, service);
    return replica?.kill() === true ? `${replica.name} was killed` : undefined;
  },
});

/** SIGTERM of some replica of a service that works, which must go in order; one that still starts just ends. */
export const terminate = (service: ServiceName): Fault => ({
  name: `SIGTERM: ${service}`,
  affects: workOf[service],
  happen: async (context) => {
    const replica = await someOf(context, service, (one) => one.isReady());
    if (replica === undefined) return undefined;
    await replica.terminate();
    const how = replica.deaths.at(-1)?.how;
    return how === 'code 0' ? `${replica.name} left with code 0` : undefined;
  },
});

/** Longer than every lease and time to live of the cluster. */
const FREEZE_MS = 6_000;

/** SIGSTOP for longer than any lease, then SIGCONT. Of the orchestrator the one that reads requests.incoming. */
export const freeze = (service: ServiceName): Fault => ({
  name: `SIGSTOP: ${service}`,
  affects: workOf[service],
  sparesReplicas: replicaCounts[service] > 1,
  happen: async (context) => {
    const owner = service === 'orchestrator' ? await leaseOwner(context) : undefined;
    const replica = context.cluster.replicas.find(({ name, isAlive }) => name === owner && isAlive) ?? (await aliveOf(context, service));
    if (replica?.freeze() !== true) return undefined;
    await pause(FREEZE_MS);
    return replica.thaw() ? `${replica.name} stood still for ${FREEZE_MS} ms${replica.name === owner ? ' and held the lease' : ''}` : undefined;
  },
});
