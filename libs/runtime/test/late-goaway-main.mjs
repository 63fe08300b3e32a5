/** A process with NEXUS's clients and its guard, which calls again at the very moment a server says GOAWAY: prints what happened, or dies of it. */
import http2 from 'node:http2';
import { once } from 'node:events';
import { syncBuiltinESMExports } from 'node:module';

/** What a client does as soon as it has heard GOAWAY and before its connection has ended. */
let onGoaway = () => undefined;
const { connect } = http2;
http2.connect = (...parameters) => connect(...parameters).on('goaway', () => setImmediate(() => onGoaway()));
syncBuiltinESMExports();

const { createLogger } = await import('../dist/logger.js');
const { ServiceClients } = await import('../dist/rpc/service-clients.js');
const { stopOnUnexpectedErrors } = await import('../dist/unexpected-errors.js');

if (process.argv[2] !== 'unguarded') stopOnUnexpectedErrors(createLogger({ level: 'fatal' }));

const server = http2.createServer();
const sessions = [];
server.on('session', (session) => sessions.push(session));
server.on('stream', (stream) => {
  stream.respond({ ':status': 200, 'content-type': 'application/proto' });
  stream.end();
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const clients = new ServiceClients({ serviceToken: 'service-token-of-the-tests', urls: { 'tool-executor': `http://127.0.0.1:${server.address().port}` } });

await clients.tools.listTools({});
const again = new Promise((resolve) => {
  onGoaway = () => resolve(clients.tools.listTools({}));
});
sessions[0].goaway();
await again;
await new Promise((resolve) => setTimeout(resolve, 100));
if (process.argv[2] === 'throw') throw new Error('another error');
console.log(`answered over ${sessions.length} connections`);
process.exit(0);
