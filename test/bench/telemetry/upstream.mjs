/** A model that answers at once: with a call of its tool when it has one and has not called it, else with a sentence. */
import { createServer } from 'node:http';

export async function startUpstream(port) {
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const { model, messages = [], tools = [] } = JSON.parse(Buffer.concat(chunks).toString() || '{}');
    const isCall = tools.length > 0 && messages.at(-1)?.role !== 'tool';
    const message = isCall
      ? { role: 'assistant', content: null, tool_calls: [{ id: 'call_1', type: 'function', function: { name: tools[0].function.name, arguments: '{"query":"x"}' } }] }
      : { role: 'assistant', content: 'The answer is in this sentence.' };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ id: 'x', object: 'chat.completion', created: 1, model, choices: [{ index: 0, message, finish_reason: isCall ? 'tool_calls' : 'stop' }], usage: { prompt_tokens: 40, completion_tokens: 9, total_tokens: 49 } }));
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  return server;
}
