import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, spawnService } from '@nexus/testing';

const runs = (name: string): boolean => spawnSync(name, ['--version']).status === 0;

/** Whether the tests can start a Prometheus; `node scripts/prometheus-server.mjs` says how to get one. */
export const hasPrometheus = runs('prometheus') && runs('promtool');

/** A sample of an instant query: its labels, and its value, which may be NaN. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What Prometheus says of a rule. */
export interface RuleState {
  readonly name: string;
  readonly health: string;
  readonly lastError?: string;
}

/** A Prometheus of its own. */
export interface Prometheus {
  /** Asks it for the value of an expression now. Throws what it says of one that is wrong. */
  query(expression: string): Promise<readonly Sample[]>;
  rules(): Promise<readonly RuleState[]>;
  stop(): Promise<void>;
}

/** Starts one that scrapes these targets (`host:port`, by service) every second and evaluates the rules of this file. */
export async function startPrometheus(targets: Readonly<Record<string, string>>, ruleFile: string): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'nexus-prometheus-'));
  const config = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [ruleFile],
    scrape_configs: [{ job_name: 'nexus', static_configs: Object.entries(targets).map(([service, target]) => ({ targets: [target], labels: { service } })) }],
  };
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config)); // JSON is YAML
  const port = await freePort();
  const server = await spawnService({
    command: 'prometheus',
    args: [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=127.0.0.1:${port}`, '--log.level=warn'],
    ready: { port },
    readyWithinMs: 30_000,
  });
  const ask = async <T>(path: string): Promise<T> => {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`);
    const answer = (await response.json()) as { readonly status: string; readonly error?: string; readonly data: T };
    if (answer.status !== 'success') throw new Error(`${path}: ${answer.error}`);
    return answer.data;
  };
  return {
    async query(expression) {
      const { result } = await ask<{ readonly result: readonly { readonly metric: Record<string, string>; readonly value: readonly [number, string] }[] }>(`query?query=${encodeURIComponent(expression)}`);
      return result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
    },
    async rules() {
      const { groups } = await ask<{ readonly groups: readonly { readonly rules: readonly RuleState[] }[] }>('rules');
      return groups.flatMap(({ rules }) => rules);
    },
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Runs promtool; answers how it ended and all that it wrote. */
export function promtool(args: readonly string[], input = ''): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('promtool', args);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? -1, output }));
    child.stdin.end(input);
  });
}
