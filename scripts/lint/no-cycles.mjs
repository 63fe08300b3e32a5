/** ESLint rule: modules of a package do not import each other in circles (those between packages the layers refuse). */
import { readFileSync, statSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import ts from 'typescript';

/** Imports of a file by path, cached for the run: `{ mtimeMs, targets }`. */
const known = new Map();

function sourceOf(path) {
  for (const candidate of [path.replace(/\.js$/, '.ts'), path.replace(/\.js$/, '.tsx'), path]) {
    if (statSync(candidate, { throwIfNoEntry: false })?.isFile()) return candidate;
  }
  return undefined;
}

/** An import of types alone is gone when the program runs, so it closes no circle. */
function isOfTypesOnly(statement) {
  if (ts.isExportDeclaration(statement)) return statement.isTypeOnly;
  const clause = statement.importClause;
  if (clause === undefined) return false;
  if (clause.isTypeOnly) return true;
  const bindings = clause.namedBindings;
  return clause.name === undefined && bindings !== undefined && ts.isNamedImports(bindings) && bindings.elements.length > 0 && bindings.elements.every((element) => element.isTypeOnly);
}

/** The files that the text of a module imports by relative path when it runs: `{ specifier, file }`. */
function relativeImports(file, text) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, false);
  return source.statements
    .filter((statement) => (ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement)) && statement.moduleSpecifier !== undefined)
    .filter((statement) => !isOfTypesOnly(statement))
    .map((statement) => statement.moduleSpecifier.text)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => ({ specifier, file: sourceOf(resolve(dirname(file), specifier)) }))
    .filter((target) => target.file !== undefined);
}

function importsOf(file) {
  const { mtimeMs } = statSync(file);
  const cached = known.get(file);
  if (cached?.mtimeMs === mtimeMs) return cached.targets;
  const targets = relativeImports(file, readFileSync(file, 'utf8'));
  known.set(file, { mtimeMs, targets });
  return targets;
}

/** The shortest way from one file to another along imports, both ends included; undefined when there is none. */
function wayBetween(from, to) {
  const cameFrom = new Map([[from, undefined]]);
  for (const file of cameFrom.keys()) {
    if (file === to) {
      const way = [];
      for (let step = file; step !== undefined; step = cameFrom.get(step)) way.unshift(step);
      return way;
    }
    for (const target of importsOf(file)) if (!cameFrom.has(target.file)) cameFrom.set(target.file, file);
  }
  return undefined;
}

export const noCycles = {
  meta: {
    type: 'problem',
    docs: { description: 'modules do not import each other in circles' },
    messages: { cycle: 'This import closes a circle: {{way}}. Move what both need into a file of its own, or use `import type` if only types are needed.' },
    schema: [],
  },
  create(context) {
    const targets = new Map(relativeImports(context.filename, context.sourceCode.text).map(({ specifier, file }) => [specifier, file]));
    function check(node) {
      const target = targets.get(node.source?.value);
      const way = target === undefined ? undefined : wayBetween(target, context.filename);
      if (way === undefined) return;
      const names = [context.filename, ...way].map((file) => relative(context.cwd, file));
      context.report({ node, messageId: 'cycle', data: { way: names.join(' -> ') } });
    }
    return { ImportDeclaration: check, ExportAllDeclaration: check, ExportNamedDeclaration: check };
  },
};
