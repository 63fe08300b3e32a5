import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { Finding } from '../domain/doctor/finding.js';
import { judgeContainers, type ContainerFacts } from '../domain/doctor/judge-containers.js';

const run = promisify(execFile);
const WITHIN_MS = 5_000;
/** What deploy/compose calls its project. */
const PROJECT = 'nexus';
/** Says of a service of deploy/compose that it is meant to end. */
const TASK_LABEL = 'nexus.task';

const inspected = z.array(z.object({
  Name: z.string(),
  RestartCount: z.number(),
  State: z.object({ Status: z.string(), ExitCode: z.number(), OOMKilled: z.boolean(), StartedAt: z.string(), Health: z.object({ Status: z.string() }).optional() }),
  HostConfig: z.object({ Memory: z.number(), RestartPolicy: z.object({ Name: z.string() }) }),
  Config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }),
}));

/** The containers of a NEXUS that compose has started on this machine; nothing where there is no Docker, or no such container. */
export async function lookAtContainers(): Promise<readonly Finding[]> {
  const ids = await docker('ps', '--all', '--quiet', '--filter', `label=com.docker.compose.project=${PROJECT}`);
  if (ids === undefined || ids.trim() === '') return [];
  const text = await docker('inspect', ...ids.trim().split(/\s+/));
  return text === undefined ? [] : judgeContainers(containersOf(text, Date.now()));
}

/** What `docker inspect` printed. `now` is Unix milliseconds. */
export function containersOf(text: string, now: number): ContainerFacts[] {
  return inspected.parse(JSON.parse(text)).map(({ Name, RestartCount, State, HostConfig, Config }) => ({
    name: Name.replace(/^\//, ''), status: State.Status, health: State.Health?.Status ?? '', exitCode: State.ExitCode, wasKilledForMemory: State.OOMKilled,
    restarts: RestartCount, runsForMs: now - Date.parse(State.StartedAt), restartPolicy: HostConfig.RestartPolicy.Name, memoryLimitBytes: HostConfig.Memory,
    isTask: Config.Labels?.[TASK_LABEL] === 'true',
  }));
}

/** Undefined when there is no Docker here, or none that answers. */
async function docker(...args: string[]): Promise<string | undefined> {
  try {
    return (await run('docker', args, { timeout: WITHIN_MS, maxBuffer: 16_777_216 })).stdout;
  } catch {
    return undefined;
  }
}
