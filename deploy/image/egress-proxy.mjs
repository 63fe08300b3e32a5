/**
 * `node egress-proxy.mjs [--port 3128] [--host 0.0.0.0] --allow <file>`: an HTTP proxy that only makes tunnels (CONNECT), only to port 443
 * of the hosts in the file, and only to public addresses. It sees names and no contents. One host a line; `*.example.com` is every host below
 * example.com; # begins a comment. GET /health/live answers 200.
 */
import { lookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { BlockList, connect, isIP } from 'node:net';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const CONNECT_WITHIN_MS = 10_000;
/** Longer than any pause of a model: the router has its own idea of when a provider is silent for too long. */
const IDLE_MS = 15 * 60_000;

/** One list a family: a rule for IPv4-mapped addresses would else hold for all of IPv4. */
const notPublic = { 4: new BlockList(), 6: new BlockList() };
const ranges = [
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4',
  '::/128 ::1/128 ::ffff:0:0/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 2001::/32 2001:db8::/32 2002::/16 fc00::/7 fe80::/10 ff00::/8',
];
for (const range of ranges.join(' ').split(' ')) {
  const [address, bits] = range.split('/');
  const family = isIP(address);
  notPublic[family].addSubnet(address, Number(bits), `ipv${family}`);
}

/** True for an address that belongs to the internet and to no private or special network. */
export function isPublic(address) {
  const family = isIP(address);
  return family !== 0 && !notPublic[family].check(address, `ipv${family}`);
}

/** The patterns of a file's text. */
export function readPatterns(text) {
  return text.split('\n').map((line) => line.replace(/#.*/, '').trim().toLowerCase()).filter((line) => line !== '');
}

/** True when one of the patterns is this host, or `*.` and a part of its end. */
export function allows(patterns, host) {
  const name = host.toLowerCase().replace(/\.$/, '');
  return patterns.some((pattern) => (pattern.startsWith('*.') ? name.endsWith(pattern.slice(1)) : name === pattern));
}

/**
 * A server that makes tunnels to hosts of `patterns`. `resolve` tells the addresses of a host; `mayReach` which of them may be reached, `port`
 * which port: other than the defaults for tests only.
 */
export function egressProxy({ patterns, resolve = addressesOf, mayReach = isPublic, port = 443, log = console.log }) {
  const server = createServer((request, response) => {
    const isHealth = request.url === '/health/live';
    response.writeHead(isHealth ? 200 : 405, { 'content-type': 'text/plain', connection: 'close' }).end(isHealth ? 'ok\n' : 'This proxy only makes tunnels (CONNECT).\n');
  });
  server.on('connect', (request, client, head) => {
    client.on('error', () => client.destroy());
    tunnel(request.url ?? '', client, head).catch((error) => refuse(client, 502, `${request.url}: ${error.code ?? error.message}`));
  });
  server.on('clientError', (_error, socket) => socket.destroy());

  async function tunnel(authority, client, head) {
    const [, host = '', wanted] = /^\[?([^\]]+?)\]?:(\d+)$/.exec(authority) ?? [];
    if (Number(wanted) !== port || !allows(patterns, host)) return refuse(client, 403, `${authority}: not among the allowed hosts`);
    const addresses = (await resolve(host)).filter(mayReach);
    if (addresses.length === 0) return refuse(client, 403, `${authority}: has no public address`);
    const upstream = connect({ host: addresses[0], port, timeout: CONNECT_WITHIN_MS });
    upstream.once('connect', () => {
      for (const socket of [client, upstream]) socket.setTimeout(IDLE_MS, () => socket.destroy()).setNoDelay(true).setKeepAlive(true, 60_000);
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      if (head.length > 0) upstream.write(head);
      upstream.pipe(client).pipe(upstream);
      log(JSON.stringify({ msg: 'tunnel', to: authority }));
    });
    upstream.once('timeout', () => upstream.destroy(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })));
    upstream.on('error', (error) => (upstream.connecting || client.bytesWritten === 0 ? refuse(client, 502, `${authority}: ${error.code}`) : client.destroy()));
    upstream.once('close', () => client.destroy());
    client.once('close', () => upstream.destroy());
  }

  function refuse(client, status, why) {
    log(JSON.stringify({ msg: 'refused', status, why }));
    if (client.writable) client.end(`HTTP/1.1 ${status} ${status === 403 ? 'Forbidden' : 'Bad Gateway'}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
  }

  return server;
}

async function addressesOf(host) {
  return isIP(host) ? [host] : (await lookup(host, { all: true })).map(({ address }) => address);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({ options: { port: { type: 'string', default: '3128' }, host: { type: 'string', default: '0.0.0.0' }, allow: { type: 'string' } } });
  if (values.allow === undefined) throw new Error('--allow <file> says which hosts may be reached');
  const server = egressProxy({ patterns: readPatterns(readFileSync(values.allow, 'utf8')) });
  server.listen(Number(values.port), values.host, () => console.log(JSON.stringify({ msg: 'egress proxy listens', port: values.port })));
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.once(signal, () => {
      server.close(() => process.exit(0)); // tunnels go on until their ends close, or Kubernetes ends the pod
    });
  }
}
