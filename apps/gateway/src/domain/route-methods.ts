/** What the gateway serves over HTTP, and with which methods; `{+id}` may hold slashes. docs/api.md describes each of them. */
export const routes: Readonly<Record<string, readonly string[]>> = {
  '/v1/chat/completions': ['POST'],
  '/v1/responses': ['POST'],
  '/v1/messages': ['POST'],
  '/v1/messages/count_tokens': ['POST'],
  '/v1/embeddings': ['POST'],
  '/v1/models': ['GET'],
  '/v1/models/{+id}': ['GET'],
  '/v1/threads': ['GET', 'POST'],
  '/v1/threads/{thread_id}': ['GET', 'PATCH'],
  '/v1/threads/{thread_id}/messages': ['GET'],
  '/v1/threads/{thread_id}/runs': ['POST'],
  '/v1/threads/{thread_id}/runs/{run_id}': ['GET'],
  '/v1/threads/{thread_id}/runs/{run_id}/stream': ['GET'],
  '/v1/threads/{thread_id}/runs/{run_id}/cancel': ['POST'],
  '/v1/runs/{run_id}': ['GET'],
  '/v1/runs/{run_id}/stream': ['GET'],
  '/v1/runs/{run_id}/cancel': ['POST'],
  '/v1/runs/{run_id}/replay': ['GET'],
  '/v1/runs/{run_id}/fork': ['POST'],
  '/ledger': ['GET'],
  '/ledger/stats': ['GET'],
  '/status': ['GET'],
  '/task': ['POST'],
  '/queue': ['GET', 'POST'],
  '/queue/{task_id}': ['GET', 'DELETE'],
  '/files': ['POST'],
  '/files/{file_id}': ['GET'],
  '/ws': ['GET'],
  '/ws/tickets': ['POST'],
};

const patterns = Object.entries(routes).map(([template, methods]) => ({ pattern: patternOf(template), methods }));

/** The methods that a path takes, or undefined when there is nothing at that path: tells a wrong method from a wrong path. */
export function methodsOf(path: string): readonly string[] | undefined {
  const clean = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
  return patterns.find(({ pattern }) => pattern.test(clean))?.methods;
}

function patternOf(template: string): RegExp {
  return new RegExp(`^${template.replaceAll(/\{\+\w+\}/g, '.+').replaceAll(/\{\w+\}/g, '[^/]+')}$`);
}
