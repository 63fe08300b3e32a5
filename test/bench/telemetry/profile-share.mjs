/** Which part of a process's work went into watching itself, told from its CPU profile. */
import { readFileSync } from 'node:fs';

/** Sources that do nothing but measure, trace or log; none of them calls back into the work itself. */
const WATCHING = [
  /\/libs\/runtime\/dist\/(?:metrics|telemetry)\//, /\/libs\/runtime\/dist\/channels\/channel-(?:meter|watch)\.js/, /\/libs\/runtime\/dist\/(?:nest-)?logger\.js/,
  /\/apps\/[^/]+\/dist\/.*(?:router|run|tool|request)-metrics\.js/, /\/node_modules\/(?:prom-client|pino|sonic-boom|thread-stream|@opentelemetry)\//,
];
/** Neither work nor anybody's in particular; garbage is shared out as the work is. */
const NOBODYS = new Set(['(idle)', '(program)', '(garbage collector)', '(root)']);
/** A process starts up in the first part of its profile. */
const SKIPPED = 0.3;

/** Milliseconds of work in a profile after its start, and how many of them lie below a frame that watches. */
export function shareOf(file) {
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, 'utf8'));
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const watches = new Map();
  const isWatching = (id) => {
    if (id === undefined) return false;
    if (!watches.has(id)) watches.set(id, WATCHING.some((source) => source.test(byId.get(id).callFrame.url)) || isWatching(parents.get(id)));
    return watches.get(id);
  };
  const total = timeDeltas.reduce((sum, delta) => sum + delta, 0);
  let [passed, work, watching] = [0, 0, 0];
  samples.forEach((id, i) => {
    passed += timeDeltas[i];
    if (passed < total * SKIPPED || NOBODYS.has(byId.get(id).callFrame.functionName)) return;
    work += timeDeltas[i];
    if (isWatching(id)) watching += timeDeltas[i];
  });
  return { workMs: work / 1_000, watchingMs: watching / 1_000 };
}
