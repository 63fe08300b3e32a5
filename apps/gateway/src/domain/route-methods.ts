/** Which methods each path takes; what the controllers serve, for telling a wrong method from a wrong path. */
const routes: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^\/v1\/models$/, ['GET']],
  [/^\/v1\/models\/.+$/, ['GET']],
  [/^\/v1\/threads$/, ['GET', 'POST']],
  [/^\/v1\/threads\/[^/]+$/, ['GET', 'PATCH']],
  [/^\/v1\/threads\/[^/]+\/messages$/, ['GET']],
  [/^\/v1\/threads\/[^/]+\/runs$/, ['POST']],
  [/^\/v1\/(threads\/[^/]+\/)?runs\/[^/]+$/, ['GET']],
  [/^\/v1\/(threads\/[^/]+\/)?runs\/[^/]+\/stream$/, ['GET']],
  [/^\/v1\/(threads\/[^/]+\/)?runs\/[^/]+\/cancel$/, ['POST']],
];

/** The methods that a path takes, or undefined when there is nothing at that path. */
export function methodsOf(path: string): readonly string[] | undefined {
  const clean = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
  return routes.find(([pattern]) => pattern.test(clean))?.[1];
}
