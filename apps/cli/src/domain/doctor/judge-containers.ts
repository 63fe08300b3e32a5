import { findingsOf, type Finding } from './finding.js';

/** A container of NEXUS, as `docker inspect` tells of it. */
export interface ContainerFacts {
  readonly name: string;
  /** `running`, `restarting`, `exited` ... */
  readonly status: string;
  /** `healthy`, `unhealthy`, `starting`; empty without a health check. */
  readonly health: string;
  readonly exitCode: number;
  readonly wasKilledForMemory: boolean;
  readonly restarts: number;
  /** Milliseconds since it was started last. */
  readonly runsForMs: number;
  /** `no`, `always`, `unless-stopped`, `on-failure`. */
  readonly restartPolicy: string;
  /** 0 without a limit. */
  readonly memoryLimitBytes: number;
  /** It is meant to end: migrations, secrets. */
  readonly isTask: boolean;
}

const { ok, warning, failure } = findingsOf('containers');
/** So many restarts, the last of them so short ago, are a storm. */
const STORM = 3;
const STORM_WITHIN_MS = 600_000;

/** Whether the containers of NEXUS run, stay up, and are held within bounds. */
export function judgeContainers(containers: readonly ContainerFacts[]): Finding[] {
  const findings = containers.flatMap(judge);
  return findings.length > 0 ? findings : [ok(containers.length === 1 ? '1 container runs' : `${containers.length} containers run`)];
}

function judge(container: ContainerFacts): Finding[] {
  const { name, status, health, exitCode, restarts, runsForMs, restartPolicy, memoryLimitBytes, isTask } = container;
  if (isTask && status === 'exited' && exitCode === 0) return [];
  const look = `Look at its log: docker logs --tail 50 ${name}`;
  const findings: Finding[] = [];
  if (container.wasKilledForMemory) findings.push(failure(`${name} was ended because it used more memory than it may`, 'Raise its memory limit.'));
  if (status === 'restarting' || (restarts >= STORM && runsForMs < STORM_WITHIN_MS)) findings.push(failure(`${name} starts again and again (${restarts} times)`, look));
  else if (status !== 'running') findings.push(failure(`${name} does not run: ${status}${exitCode === 0 ? '' : `, code ${exitCode}`}`, look));
  if (health === 'unhealthy') findings.push(failure(`${name} says that it is not well`, look));
  if (isTask) return findings;
  if (restartPolicy === 'no' || restartPolicy === '') findings.push(warning(`${name} is not started again when it ends`, 'Give it the restart policy unless-stopped.'));
  if (memoryLimitBytes === 0) findings.push(warning(`${name} may use all memory of the machine`, 'Give it a memory limit.'));
  return findings;
}
