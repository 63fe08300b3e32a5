/** docs/metrics.md: every measure, from the calls in the sources that make them. */
import { code, generatedNote, table } from './markdown.mjs';
import { nodesIn, readSources, textsOf, ts } from './syntax.mjs';

const KINDS = ['counter', 'gauge', 'histogram'];

/** Packages whose measures nobody scrapes. */
const NOT_SHOWN = ['testing'];

/** What a call makes, or undefined when it makes no measure: `{ name, kind, help, labels }`. */
function measureOf(node) {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression) || !KINDS.includes(node.expression.name.text)) return undefined;
  const [name, help, labels] = node.arguments;
  if (name === undefined || !ts.isStringLiteralLike(name) || help === undefined || labels === undefined || !ts.isArrayLiteralExpression(labels)) return undefined;
  const [text] = textsOf(help);
  if (text === undefined) throw new Error(`${name.text} needs a help that stands in the source`);
  return { name: name.text, kind: node.expression.name.text, help: text, labels: labels.elements.flatMap(textsOf) };
}

/** All measures by name, each with the packages that make it. Throws when two packages say different things of one name. */
function collectMetrics(root) {
  const measures = new Map();
  for (const { packageName, file } of readSources(root, NOT_SHOWN)) {
    for (const measure of [...nodesIn(file)].flatMap((node) => measureOf(node) ?? [])) {
      const known = measures.get(measure.name);
      if (known && JSON.stringify([known.kind, known.help, known.labels]) !== JSON.stringify([measure.kind, measure.help, measure.labels])) throw new Error(`${measure.name} is made in two ways`);
      measures.set(measure.name, { ...measure, packages: new Set([...(known?.packages ?? []), packageName]) });
    }
  }
  return new Map([...measures].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The page. */
export function metricsPage(root) {
  const rows = [...collectMetrics(root).values()].map(({ name, kind, help, labels, packages }) => [code(name), kind, labels.map(code).join(', ') || 'none', help, [...packages].sort().join(', ')]);
  return `${[
    generatedNote('the sources'),
    '# Metrics',
    'Every service shows its measures at `GET /metrics` on its one port, in the text format of Prometheus; services that share a process share the page. At the gateway, whoever does not ask from the same machine needs `NEXUS_SERVICE_TOKEN` as a bearer token. No label names a tenant, a person, a run or a message. How to watch them, and what to do when they alert: [operations](operations.md).',
    'A histogram has `_bucket`, `_sum` and `_count`. `gen_ai_*`, `http_server_*` and `rpc_server_*` are named and labelled as the conventions of OpenTelemetry say, in the spelling that Prometheus gives them.',
    table(['name', 'kind', 'labels', 'meaning', 'from'], rows),
  ].join('\n\n')}\n`;
}
