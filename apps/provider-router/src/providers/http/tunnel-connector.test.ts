import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Pool } from 'undici';
import { tunnelConnector } from './tunnel-connector.js';

const folder = mkdtempSync(join(tmpdir(), 'nexus-tunnel-'));
const opened: { close(): unknown }[] = [];
let certificate: { readonly key: Buffer; readonly cert: Buffer };
let before: string[];

beforeAll(() => {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const self = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  execFileSync('openssl', [...self, '-keyout', key, '-out', cert], { stdio: 'pipe' });
  certificate = { key: readFileSync(key), cert: readFileSync(cert) };
  before = getCACertificates('default');
  setDefaultCACertificates([...before, certificate.cert.toString()]);
});
afterAll(() => {
  setDefaultCACertificates(before);
  rmSync(folder, { recursive: true, force: true });
});
afterEach(async () => {
  for (const it of opened.splice(0).reverse()) await it.close();
});

function listen(server: Server): Promise<number> {
  opened.push({ close: () => void server.close() });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));
}

/** A proxy that makes every tunnel, or answers with this status; it remembers what it was asked for. */
async function proxy(status = 200): Promise<{ readonly url: URL; readonly asked: string[] }> {
  const asked: string[] = [];
  const server = createHttpServer();
  server.on('connect', (request, client) => {
    asked.push(request.url ?? '');
    if (status !== 200) return void client.end(`HTTP/1.1 ${status} No\r\n\r\n`);
    const upstream = connect(Number(request.url?.split(':')[1]), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    for (const [one, other] of [[client, upstream], [upstream, client]] as const) one.on('error', () => one.destroy()).once('close', () => other.destroy());
  });
  return { url: new URL(`http://127.0.0.1:${await listen(server)}`), asked };
}

function pool(origin: string, through: URL | undefined): Pool {
  const made = new Pool(origin, { connect: tunnelConnector(2_000, through) });
  opened.push({ close: () => made.destroy() });
  return made;
}
async function get(from: Pool): Promise<string> {
  return (await from.request({ path: '/hello', method: 'GET' })).body.text();
}

describe('tunnelConnector', () => {
  it('reaches what speaks TLS through the proxy, which is told the host and port alone', async () => {
    const port = await listen(createTlsServer(certificate, (request, response) => response.end(`private ${request.url ?? ''}`)));
    const through = await proxy();
    expect(await get(pool(`https://localhost:${port}`, through.url))).toBe('private /hello');
    expect(through.asked).toEqual([`localhost:${port}`]);
  });

  it('checks the certificate of the host, not of the proxy', async () => {
    const port = await listen(createTlsServer(certificate, (_request, response) => response.end()));
    const through = await proxy();
    await expect(get(pool(`https://elsewhere.test:${port}`, through.url))).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  });

  it('reaches what speaks plain HTTP directly', async () => {
    const port = await listen(createHttpServer((_request, response) => response.end('beside')));
    const through = await proxy();
    expect(await get(pool(`http://localhost:${port}`, through.url))).toBe('beside');
    expect(through.asked).toEqual([]);
  });

  it('says that the proxy refused, or is not there', async () => {
    await expect(get(pool('https://forbidden.test', (await proxy(403)).url))).rejects.toMatchObject({ code: 'EGRESS_403' });
    await expect(get(pool('https://forbidden.test', new URL('http://127.0.0.1:1')))).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('without a proxy is direct', async () => {
    const port = await listen(createTlsServer(certificate, (_request, response) => response.end('direct')));
    expect(await get(pool(`https://localhost:${port}`, undefined))).toBe('direct');
  });
});
