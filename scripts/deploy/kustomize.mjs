/** The objects that an overlay of deploy/k8s builds. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { run, ScriptError } from '../process.mjs';

/** True where there is a kubectl, which has kustomize built in. */
export const hasKubectl = () => (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'kubectl')));

/** The objects of an overlay. Throws a ScriptError with what kustomize says. */
export async function buildOverlay(folder) {
  const { code, stdout, output } = await run('kubectl', ['kustomize', folder]);
  if (code !== 0) throw new ScriptError(`${folder} does not build:\n${output}`);
  return parseAllDocuments(stdout).map((document) => document.toJS()).filter((object) => object !== null);
}

/** `Deployment gateway`: how an object is called in messages. */
export const nameOf = ({ kind, metadata }) => `${kind} ${metadata.name}`;

/** Pod templates with the object they are of. */
export function podsOf(objects) {
  return objects.filter(({ kind }) => ['Deployment', 'StatefulSet', 'Job'].includes(kind)).map((object) => ({ object, pod: object.spec.template }));
}
