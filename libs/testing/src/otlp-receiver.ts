import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { listen } from './listen.js';
import { spansOf, type ReceivedSpan } from './otlp-payload.js';
import { readBody } from './read-body.js';

/** A local collector of traces. */
export interface OtlpReceiver {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string;
  /** All spans received so far, in the order of their arrival. */
  spans(): readonly ReceivedSpan[];
  close(): Promise<void>;
}

/** Receives OTLP/HTTP in JSON (what the JavaScript exporter sends; protobuf is refused with 415). Metrics and logs are thrown away. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readBody(request);
    const reply = (status: number, content: unknown): void => void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(content));
    if (request.method !== 'POST') return reply(405, { message: 'Only POST.' });
    if (request.url === '/v1/metrics' || request.url === '/v1/logs') return reply(200, {});
    if (request.url !== '/v1/traces') return reply(404, { message: 'Only /v1/traces, /v1/metrics and /v1/logs.' });
    if (!request.headers['content-type']?.startsWith('application/json')) return reply(415, { message: 'This receiver reads JSON only: use the http/json exporter.' });
    try {
      const json = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
      spans.push(...spansOf(JSON.parse(json.toString('utf8'))));
    } catch (error) {
      return reply(400, { message: error instanceof Error ? error.message : 'Unreadable.' });
    }
    return reply(200, {});
  };
  const { url, close } = await listen(createServer((request, response) => void answer(request, response)));
  return { url, spans: () => [...spans], close };
}
