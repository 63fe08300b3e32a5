// A provider that answers every completion after about the same time.
import { createServer } from 'node:http';

const SPREAD = 0.2;

/** Starts it on a free port; `latencyMs` from request to answer, a fifth more or less, evenly spread: calls of one length would all end together. */
export async function startUpstream(latencyMs) {
  let calls = 0;
  const server = createServer((request, response) => {
    request.resume().once('end', () => {
      calls++;
      setTimeout(() => {
        const choices = [{ index: 0, message: { role: 'assistant', content: 'The answer is 42.' }, logprobs: null, finish_reason: 'stop' }];
        const body = JSON.stringify({ id: `chatcmpl-${calls}`, object: 'chat.completion', created: 1, model: 'fake', choices, usage: { prompt_tokens: 9, completion_tokens: 5, total_tokens: 14 } });
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }).end(body);
      }, latencyMs * (1 + SPREAD * (2 * Math.random() - 1)));
    });
  });
  server.keepAliveTimeout = 60_000;
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}/v1`, calls: () => calls, close: () => (server.closeAllConnections(), server.close()) };
}
