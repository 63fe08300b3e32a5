import { request, type RequestOptions } from 'node:http';
import { buildConnector } from 'undici';

/**
 * Opens the connections of a pool. With `proxy`, those over TLS go through a tunnel that an HTTP proxy makes (CONNECT): it learns the host and
 * nothing else. Connections without TLS, to models beside NEXUS, are always direct. A proxy that refuses is an error with the code
 * `EGRESS_<status>`, as `EGRESS_403` for a host that it does not allow.
 */
export function tunnelConnector(connectMs: number, proxy: URL | undefined): buildConnector.connector {
  const direct = buildConnector({ timeout: connectMs });
  if (proxy === undefined) return direct;
  return (options, callback) => {
    if (options.protocol !== 'https:') return direct(options, callback);
    const authority = `${options.hostname}:${options.port || '443'}`;
    const tunnel = request({ ...addressOf(proxy), method: 'CONNECT', path: authority, headers: { host: authority }, timeout: connectMs, agent: false });
    tunnel.once('connect', (response, socket, head) => {
      if (response.statusCode === 200 && head.length === 0) return direct({ ...options, httpSocket: socket }, callback);
      socket.destroy();
      callback(refusal(authority, response.statusCode ?? 0), null);
    });
    // a proxy that answers otherwise than with a tunnel
    tunnel.once('response', (response) => {
      response.destroy();
      callback(refusal(authority, response.statusCode ?? 0), null);
    });
    tunnel.once('timeout', () => tunnel.destroy(Object.assign(new Error('the egress proxy did not answer in time'), { code: 'EGRESS_TIMEOUT' })));
    tunnel.once('error', (error) => callback(error, null));
    tunnel.end();
  };
}

function addressOf({ hostname, port }: URL): RequestOptions {
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port || '80' };
}

function refusal(authority: string, status: number): Error {
  return Object.assign(new Error(`the egress proxy lets nobody to ${authority}`), { code: `EGRESS_${status}` });
}
