import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { root } from '../e2e/nexus-apart.js';

const run = promisify(execFile);

/** False where there is no kubectl, which has kustomize built in: tests that need one say so in their name. */
export const hasKubectl = (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'kubectl')));

export interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string | number };
  readonly grpc?: { readonly port: number };
}

/** What the tests look at of a container. */
export interface Container {
  readonly args?: readonly string[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly startupProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
}

/** What the tests look at of an object. */
export interface KubernetesObject {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec?: {
    readonly template?: { readonly spec: { readonly containers: readonly Container[] } };
    readonly triggers?: readonly { readonly name: string; readonly type: string; readonly metadata: Readonly<Record<string, string>> }[];
    readonly minReplicaCount?: number;
  };
}

/** The objects of an overlay of deploy/k8s. */
export async function overlay(name: string): Promise<readonly KubernetesObject[]> {
  const { stdout } = await run('kubectl', ['kustomize', join(root, 'deploy/k8s/overlays', name)], { maxBuffer: 50_000_000 });
  return parseAllDocuments(stdout).map((document) => document.toJS() as KubernetesObject);
}
