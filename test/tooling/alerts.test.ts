import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { parse } from 'yaml';

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string; readonly runbook: string };
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const rules = read('deploy/prometheus/rules/nexus.rules.yml');
const alerts = (parse(rules) as { readonly groups: readonly { readonly rules: readonly Alert[] }[] }).groups.flatMap((group) => group.rules);
const operations = read('docs/operations.md');

/** Names of measures in expressions, those of a histogram's parts as the histogram. */
function measuresIn(expressions: string): string[] {
  const names = expressions.replaceAll(/\b(?:by|on) \([^)]*\)/g, '').match(/\b(?:nexus|gen_ai|http_server|rpc_server|process|nodejs)_[a-z0-9_]+(?=[[{)\s]|$)/gm) ?? [];
  return [...new Set(names.map((name) => name.replace(/_(?:bucket|sum|count)$/, '')))];
}

it('every alert says what is wrong, how bad it is, and where it stands what to do', () => {
  expect(alerts.length).toBeGreaterThan(20);
  for (const { alert, labels, annotations } of alerts) {
    expect(annotations, alert).toEqual({ summary: expect.stringMatching(/\S/), description: expect.stringMatching(/\.$/), runbook: `docs/operations.md#${alert.toLowerCase()}` });
    expect(['critical', 'warning'], alert).toContain(labels.severity);
  }
  const sections = [...operations.matchAll(/^### (Nexus\w+)$/gm)].map(([, name]) => name);
  expect(sections).toEqual(alerts.map(({ alert }) => alert));
});

it('every alert has a test in which it fires', () => {
  const tests = read('deploy/prometheus/rules/nexus.test.yml');
  expect(alerts.filter(({ alert }) => !tests.includes(`alertname="${alert}"`)).map(({ alert }) => alert)).toEqual([]);
});

it('alerts and dashboards speak of no measure that NEXUS does not have', () => {
  const page = read('docs/metrics.md');
  const dashboards = readdirSync(join(root, 'deploy/grafana/dashboards')).flatMap((file) => {
    const { panels } = JSON.parse(read(`deploy/grafana/dashboards/${file}`)) as { readonly panels: readonly { readonly targets: readonly { readonly expr: string }[] }[] };
    return panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  });
  const measures = measuresIn([...alerts.map(({ expr }) => expr), ...dashboards].join('\n'));
  expect(measures.length).toBeGreaterThan(25);
  expect(measures.filter((name) => !page.includes(`| \`${name}\` |`))).toEqual([]);
});
