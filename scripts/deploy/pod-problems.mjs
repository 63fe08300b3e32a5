/** What is wrong with pods: their environment, their probes, what they may do, how long they have to stop. */
import { nameOf, podsOf } from './kustomize.mjs';
import { environmentProblems } from './variables.mjs';

const prepared = ['settings', 'usage', 'tool-executor', 'provider-router', 'orchestrator'];
const CLOSE_WITHIN_MS = 5_000;

/** What a container is told by ConfigMaps (`shared`) and by itself (`own`): pairs of name and value, undefined where that is a secret's. */
function environmentOf(container, objects) {
  const shared = (container.envFrom ?? []).flatMap(({ configMapRef }) => {
    const map = objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === configMapRef?.name);
    return Object.entries(map?.data ?? {});
  });
  return { shared, own: (container.env ?? []).map(({ name, value }) => [name, value]) };
}

export function podProblems(objects, { variables, entries }) {
  return podsOf(objects).flatMap(({ object, pod }) => {
    const place = nameOf(object);
    const containers = pod.spec.containers;
    const ours = containers.find(({ name }) => name === 'nexus');
    return [
      ...securityProblems(place, pod.spec, containers),
      ...(object.kind === 'Job' ? [] : containers.flatMap((container) => probeProblems(place, container, entries))),
      ...(ours === undefined ? [] : ownProblems(place, object, ours, objects, { variables, entries })),
    ];
  });
}

/** The Pod Security Standard "restricted", and what NEXUS asks for beside it. */
function securityProblems(place, spec, containers) {
  const problems = [];
  const must = (isSo, text) => isSo || problems.push(`${place}: ${text}`);
  must(spec.enableServiceLinks === false, 'enableServiceLinks must be false: variables made of the names of Services would be read as NEXUS\'s');
  must(spec.automountServiceAccountToken === false, 'needs no token of the API server');
  must(spec.securityContext?.runAsNonRoot === true, 'must not run as root');
  must(spec.securityContext?.seccompProfile?.type === 'RuntimeDefault', 'needs the seccomp profile RuntimeDefault');
  must(!spec.hostNetwork && !spec.hostPID && !spec.hostIPC, 'must share nothing with its host');
  for (const volume of spec.volumes ?? []) must(volume.hostPath === undefined, 'must mount nothing of its host');
  for (const { name, image, resources, securityContext: may = {} } of containers) {
    must(may.allowPrivilegeEscalation === false && may.privileged !== true, `${name} may escalate its privileges`);
    must(may.capabilities?.drop?.includes('ALL') && may.capabilities.add === undefined, `${name} keeps capabilities`);
    must(may.readOnlyRootFilesystem === true, `${name} may write to its root`);
    must(resources?.limits?.memory !== undefined && resources?.requests?.cpu !== undefined, `${name} has no limit of memory or no request for CPU`);
    must(/:[^:/]+$/.test(image) && !image.endsWith(':latest'), `the image ${image} has no version`);
  }
  return problems;
}

function probeProblems(place, container, entries) {
  const problems = [];
  const ports = container.ports ?? [];
  const entry = entries.get(container.args?.[0]);
  for (const kind of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
    const probe = container[kind];
    if (probe === undefined) {
      problems.push(`${place}: ${container.name} has no ${kind}`);
      continue;
    }
    const target = probe.httpGet ?? probe.tcpSocket ?? probe.grpc;
    if (target === undefined) continue; // a command
    const port = ports.find(({ name, containerPort }) => name === target.port || containerPort === target.port);
    if (port === undefined) problems.push(`${place}: its ${kind} asks port ${target.port}, which the container does not have`);
    else if (entry !== undefined && port.containerPort !== entry.port) problems.push(`${place}: its ${kind} asks port ${port.containerPort}, and it listens on ${entry.port}`);
    if (entry === undefined) continue;
    if (probe.httpGet && !entry.paths.includes(probe.httpGet.path)) problems.push(`${place}: its ${kind} asks for ${probe.httpGet.path}, which is not there`);
    if (probe.grpc && !entry.isGrpc) problems.push(`${place}: its ${kind} asks for grpc.health.v1, which is not there`);
  }
  return problems;
}

function ownProblems(place, object, container, objects, { variables, entries }) {
  const [program] = container.args ?? [];
  const { shared, own } = environmentOf(container, objects);
  const all = [...shared, ...own];
  if (program === 'prepare.mjs') return prepared.flatMap((app) => environmentProblems(place, app, [...relevant(shared, app, variables), ...own], variables));
  const entry = entries.get(program);
  if (entry === undefined) return [`${place}: nobody knows ${program}`];
  if (entry.app === undefined) return all.map(([name]) => `${place}: ${name} is read by nobody`);
  const problems = environmentProblems(place, entry.app, [...relevant(shared, entry.app, variables), ...own], variables);
  const graceMs = Number(all.find(([name]) => name === 'NEXUS_SHUTDOWN_GRACE_MS')?.[1] ?? 25_000);
  const seconds = object.spec.template.spec.terminationGracePeriodSeconds ?? 30;
  if (seconds * 1_000 < graceMs + CLOSE_WITHIN_MS) problems.push(`${place}: is killed after ${seconds} s, and takes ${graceMs} ms to stop`);
  return problems;
}

/** A ConfigMap that all share tells each more than it reads: a variable of another app is left out, one of no app is not. */
function relevant(shared, app, variables) {
  const anybodys = new Set([...variables.values()].flatMap((known) => [...known.keys()]));
  return shared.filter(([name]) => variables.get(app).has(name) || !anybodys.has(name));
}
