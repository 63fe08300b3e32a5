/** What is wrong with what Prometheus reads in Compose: rules that its container does not see, and targets that nobody serves. */
import { readFileSync, readdirSync, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';

/** The file or folder of this machine that a path in the container shows, or undefined. The longest mount wins, as in the container. */
function outsideOf(inside, volumes, folder) {
  const mounts = volumes.map((volume) => volume.split(':')).filter(([source]) => /^[./]/.test(source));
  const [found] = mounts.filter(([, target]) => inside === target || inside.startsWith(`${target}/`)).toSorted(([, a], [, b]) => b.length - a.length);
  return found === undefined ? undefined : join(folder, found[0], inside.slice(found[1].length));
}

const asPattern = (glob) => new RegExp(`^${glob.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}$`);

function ruleFileProblems(glob, volumes, folder) {
  const outside = outsideOf(glob, volumes, folder);
  const parent = outside === undefined ? undefined : dirname(outside);
  const isThere = parent !== undefined && existsSync(parent) && readdirSync(parent).some((name) => asPattern(outside).test(join(parent, name)));
  return isThere ? [] : [`compose prometheus: rule_files ${glob} matches no file that is mounted`];
}

export function composePrometheusProblems(compose, { folder, entries }) {
  const config = parse(readFileSync(join(folder, 'prometheus.yml'), 'utf8'), { merge: true });
  const { volumes = [] } = compose.services.prometheus;
  const problems = config.rule_files.flatMap((glob) => ruleFileProblems(glob, volumes, folder));
  const named = config.scrape_configs.flatMap(({ static_configs: fixed = [], dns_sd_configs: looked = [] }) => [
    ...fixed.flatMap(({ targets }) => targets.map((target) => target.split(':'))),
    ...looked.flatMap(({ names, port }) => names.map((name) => [name, String(port)])),
  ]);
  for (const [name, port] of named) {
    const entry = entries.get(compose.services[name]?.command?.[0]);
    if (entry === undefined || String(entry.port) !== port || !entry.paths.includes('/metrics')) problems.push(`compose prometheus: the target ${name}:${port} has no measures`);
  }
  const told = config.alerting.alertmanagers.flatMap(({ dns_sd_configs: looked }) => looked.flatMap(({ names }) => names));
  for (const name of told) if (!/^prom\/alertmanager:/.test(compose.services[name]?.image)) problems.push(`compose prometheus: alerts go to ${name}, which is no Alertmanager`);
  const asked = new Set(named.map(([name]) => name));
  for (const [name, { command }] of Object.entries(compose.services)) {
    if (entries.get(command?.[0])?.paths.includes('/metrics') && !asked.has(name)) problems.push(`compose prometheus: nobody asks ${name} for its measures`);
  }
  return problems;
}
