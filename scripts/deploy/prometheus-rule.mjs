/** The alert rules of deploy/prometheus as an object for the Prometheus operator: deploy/k8s/components/observability/rules.yaml. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';

const source = 'deploy/prometheus/rules/nexus.rules.yml';
const target = 'deploy/k8s/components/observability/rules.yaml';

function ruleText(root) {
  const { groups } = parse(readFileSync(join(root, source), 'utf8'));
  const object = { apiVersion: 'monitoring.coreos.com/v1', kind: 'PrometheusRule', metadata: { name: 'nexus' }, spec: { groups } };
  return `# Made by \`npm run deploy:gen\` from ${source}: change that, not this.\n${stringify(object, { lineWidth: 0 })}`;
}

/** Empty, or that the object is not what its source says. */
export function ruleProblems(root) {
  const is = existsSync(join(root, target)) ? readFileSync(join(root, target), 'utf8') : undefined;
  return is === ruleText(root) ? [] : [`${target} is not what \`npm run deploy:gen\` writes; run it and commit the result`];
}

/** Writes it. */
export function writeRule(root) {
  writeFileSync(join(root, target), ruleText(root));
}
