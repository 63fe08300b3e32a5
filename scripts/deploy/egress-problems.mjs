/** The egress proxy of deploy/k8s lets the router to every provider that config/providers.yaml knows, and to no host that it does not. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { allows, readPatterns } from '../../deploy/image/egress-proxy.mjs';

export function egressProblems(root) {
  const { providers } = parse(readFileSync(join(root, 'config/providers.yaml'), 'utf8'));
  const hosts = providers.map(({ base_url: url = '' }) => url).filter((url) => url.startsWith('https:')).map((url) => new URL(url).hostname);
  const patterns = readPatterns(readFileSync(join(root, 'deploy/k8s/base/network/allowed-hosts'), 'utf8'));
  return [
    ...hosts.filter((host) => !allows(patterns, host)).map((host) => `network/allowed-hosts: ${host} of config/providers.yaml is missing`),
    ...patterns.filter((pattern) => !hosts.some((host) => allows([pattern], host))).map((pattern) => `network/allowed-hosts: ${pattern} is no host of config/providers.yaml`),
  ];
}
