/**
 * For Docker, which has no probes of its own: exits with 0 when this container is well.
 *   node healthcheck.mjs <port> [path]    a 2xx over HTTP
 *   node healthcheck.mjs <port> grpc      SERVING of grpc.health.v1
 */
const [port, what = '/health/ready'] = process.argv.slice(2);
const url = `http://127.0.0.1:${port}`;
const WITHIN_MS = 3_000;

async function overHttp(path) {
  const response = await fetch(`${url}${path}`, { signal: AbortSignal.timeout(WITHIN_MS) });
  if (!response.ok) throw new Error(`it answers ${response.status}`);
}

async function overGrpc() {
  const [{ createClient }, { createGrpcTransport }, { Health, HealthCheckResponse_ServingStatus: Status }] = await Promise.all([
    import('@connectrpc/connect'),
    import('@connectrpc/connect-node'),
    import('@nexus/contracts'),
  ]);
  const { status } = await createClient(Health, createGrpcTransport({ baseUrl: url })).check({}, { timeoutMs: WITHIN_MS });
  if (status !== Status.SERVING) throw new Error(`it is ${Status[status]}`);
}

try {
  await (what === 'grpc' ? overGrpc() : overHttp(what));
  process.exit(0);
} catch (error) {
  console.error(`${url} ${what}: ${error.cause?.code ?? error.message}`);
  process.exit(1);
}
