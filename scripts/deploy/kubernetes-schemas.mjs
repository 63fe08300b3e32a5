/**
 * Objects against the API of Kubernetes, KEDA and the Prometheus operator, as the packages kubernetes-models have it: their validators say what is missing
 * or of the wrong form, and TypeScript refuses every field that a type does not have.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeBinary, root, run } from '../process.mjs';
import { nameOf } from './kustomize.mjs';

/** Groups of the API with the package that has their types. */
const packages = { 'keda.sh': '@kubernetes-models/keda', 'monitoring.coreos.com': '@kubernetes-models/prometheus-operator' };

function typeOf({ apiVersion, kind }) {
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : '';
  return `${packages[group] ?? 'kubernetes-models'}/${apiVersion}/${kind}`;
}

/** What is wrong with objects, one sentence each. */
export async function objectSchemaProblems(objects) {
  const problems = [];
  for (const object of objects) {
    try {
      const models = await import(typeOf(object));
      new models[object.kind](object).validate();
    } catch (error) {
      problems.push(`${nameOf(object)}: ${error.message}`);
    }
  }
  return [...problems, ...(await unknownFields(objects))];
}

/** One line of TypeScript an object, so that the line of an error tells whose it is. */
async function unknownFields(objects) {
  const cache = join(root, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'nexus-deploy-'));
  try {
    const lines = objects.map((object, i) => `export const o${i}: import(${JSON.stringify(typeOf(object))}).I${object.kind} = ${JSON.stringify(object)};`);
    writeFileSync(join(folder, 'objects.ts'), `${lines.join('\n')}\n`);
    const options = { module: 'nodenext', moduleResolution: 'nodenext', target: 'es2022', strict: true, noEmit: true, skipLibCheck: true, types: [], typeRoots: [] };
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: ['objects.ts'] }));
    const { code, output } = await run(nodeBinary(), [join(root, 'node_modules/typescript7/bin/tsc'), '-p', folder, '--pretty', 'false']);
    const found = [...output.matchAll(/objects\.ts\((\d+),\d+\): error TS\d+: (.*)/g)].map(([, line, text]) => `${nameOf(objects[Number(line) - 1])}: ${text}`);
    return code === 0 || found.length > 0 ? found : [output];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
