import type { FaultProxy } from '@nexus/testing';
import { replicaCounts } from '../cluster/cluster.js';
import type { ServiceName } from '../cluster/replica.js';
import { pause } from '../pause.js';
import { workOf, type Fault } from './fault.js';

type Way = 'cut' | 'blackhole' | 'delay' | 'trickle' | 'reset';

const LASTS_MS = 4_000;

const begin: Readonly<Record<Way, (proxy: FaultProxy) => void>> = {
  cut: (proxy) => proxy.cut(),
  blackhole: (proxy) => proxy.blackhole(),
  delay: (proxy) => proxy.delay(150),
  trickle: (proxy) => proxy.trickle(4_000),
  reset: (proxy) => proxy.reset(),
};

/** Who reads requests.incoming gives its lease up only when Redis was away for longer than a partition lasts: nothing can be done meanwhile. */
const mayKeepLease = (service: ServiceName, from: 'redis' | 'postgres', way: Way): boolean => service === 'orchestrator' && from === 'redis' && (way === 'cut' || way === 'blackhole');

/** One replica of a service and Redis or Postgres are parted for a while. */
const partition = (service: ServiceName, from: 'redis' | 'postgres', way: Way): Fault => ({
  name: `${way}: ${service} and ${from}`,
  affects: workOf[service],
  isOutage: true,
  sparesReplicas: replicaCounts[service] > 1 && !mayKeepLease(service, from, way),
  happen: async ({ cluster, random }) => {
    const replica = random.pick(cluster.of(service));
    const proxy = replica.options[from];
    const before = proxy.hits;
    begin[way](proxy);
    await pause(LASTS_MS);
    proxy.heal();
    const hits = proxy.hits - before;
    return hits > 0 ? `${hits} connections or messages of ${replica.name} were hit` : undefined;
  },
});

/** Every way, each service and both servers at least once. */
export const partitions: readonly Fault[] = [
  partition('orchestrator', 'redis', 'cut'), partition('orchestrator', 'postgres', 'blackhole'), partition('orchestrator', 'redis', 'blackhole'),
  partition('provider-router', 'redis', 'blackhole'), partition('provider-router', 'redis', 'reset'), partition('usage', 'postgres', 'cut'),
  partition('usage', 'redis', 'cut'), partition('gateway', 'redis', 'cut'), partition('gateway', 'redis', 'trickle'), partition('settings', 'postgres', 'blackhole'),
  partition('tool-executor', 'postgres', 'cut'), partition('tool-executor', 'redis', 'delay'), partition('orchestrator', 'postgres', 'delay'),
];
