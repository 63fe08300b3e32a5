/** What `npm test -- --only deploy` runs: prints what is wrong, and last in one line what was looked at. `--write` (npm run deploy:gen) writes what is generated in deploy/. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { main, root } from '../process.mjs';
import { entriesOf } from './app-ports.mjs';
import { composeProblems, demanded } from './compose-problems.mjs';
import { composePrometheusProblems } from './compose-prometheus.mjs';
import { composeSchemaProblems } from './compose-schema.mjs';
import { dockerfileProblems } from './dockerfile-problems.mjs';
import { egressProblems } from './egress-problems.mjs';
import { objectSchemaProblems } from './kubernetes-schemas.mjs';
import { buildOverlay, hasKubectl } from './kustomize.mjs';
import { objectProblems } from './object-problems.mjs';
import { podProblems } from './pod-problems.mjs';
import { ruleProblems, writeRule } from './prometheus-rule.mjs';
import { variablesOf } from './variables.mjs';

await main(async () => {
  const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } });
  if (values.write) return writeRule(root);
  const variables = await variablesOf(root);
  const entries = entriesOf(variables);
  const seen = [];
  const problems = [...dockerfileProblems(root, entries)];

  const folder = join(root, 'deploy/compose');
  const text = readFileSync(join(folder, 'compose.yaml'), 'utf8');
  const compose = parse(text, { merge: true });
  problems.push(...composeSchemaProblems(compose), ...composeProblems(compose, { folder, variables, entries }), ...composePrometheusProblems(compose, { folder, entries }));
  const made = readFileSync(join(root, 'scripts/compose-init.mjs'), 'utf8');
  problems.push(...demanded(text).filter((name) => !new RegExp(`^  ${name}: `, 'm').test(made)).map((name) => `compose: npm run compose:init does not make ${name}`));
  seen.push(`${Object.keys(compose.services).length} services of Compose`);

  problems.push(...egressProblems(root), ...ruleProblems(root));
  if (hasKubectl()) {
    for (const name of readdirSync(join(root, 'deploy/k8s/overlays'))) {
      const objects = await buildOverlay(join(root, 'deploy/k8s/overlays', name));
      const found = [...(await objectSchemaProblems(objects)), ...objectProblems(objects), ...podProblems(objects, { variables, entries })];
      problems.push(...found.map((problem) => `${name}: ${problem}`));
      seen.push(`${objects.length} objects of ${name}`);
    }
  } else {
    seen.push('no kubectl on the PATH, so no overlay was built');
  }
  for (const problem of problems) console.error(problem);
  console.log(seen.join(', '));
  return problems.length === 0 ? 0 : 1;
});
