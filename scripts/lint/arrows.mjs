/** ESLint rule: an import follows the arrows of layers.mjs. */
import { domain, layers } from './layers.mjs';
import { describeFile, describeImport, readPackages } from './workspace.mjs';

/** The reason why `file` must not import `target`, or undefined when it may. */
function refusal(file, target, packages) {
  if (target.kind === 'file') return refusalOfFile(file, target.path, packages);
  if (!file.isTest && file.domainFolder !== undefined && !(target.kind === 'package' && domain.packages.includes(target.name))) return domain.advice;
  if (target.kind === 'builtin') return refusalOfExternal(file, target.name, 'builtins');
  const imported = packages.find(({ name }) => name === target.name);
  if (imported !== undefined) return refusalOfPackage(file, imported, target.subpath);
  if (target.name.startsWith('@nexus/')) return `There is no package ${target.name} in this workspace.`;
  return refusalOfExternal(file, target.name, 'packages');
}

function refusalOfFile(file, path, packages) {
  const owner = packages.find(({ folder }) => path === folder || path.startsWith(`${folder}/`));
  if (owner?.folder !== file.owner?.folder) {
    return owner === undefined
      ? 'A package imports nothing outside of its own folder by path.'
      : `Import ${owner.name} by its name: a path into another package goes around its public interface and the layers.`;
  }
  if (file.isTest) return undefined;
  if (/\.test(\.js|\.ts)?$/.test(path) || path.startsWith(`${file.owner?.folder}/test/`)) return 'Only tests import tests.';
  if (file.domainFolder !== undefined && !path.startsWith(`${file.domainFolder}/`)) return domain.advice;
  return undefined;
}

/** In tests and outside of packages every tool is welcome; else only a pure layer restricts them. */
function refusalOfExternal(file, name, kind) {
  const layer = layers[file.owner?.layer];
  if (file.isTest || layer === undefined || layer[kind] === undefined || layer[kind].includes(name)) return undefined;
  return layer.advice;
}

function refusalOfPackage(file, imported, subpath) {
  if (imported.name === file.owner?.name) return 'Inside a package import by relative path, not by its own name.';
  // what stands outside of every package (tests of the whole, configuration) composes like the composition root does
  const layer = layers[file.owner?.layer ?? 'composition'];
  const isAllowed = layer.mayUse.includes(imported.layer) || (file.isTest && imported.layer === 'testing');
  if (!isAllowed) return layer.advice;
  return imported.layer === 'service' && subpath !== 'module' ? layers.composition.advice : undefined;
}

export const arrows = {
  meta: {
    type: 'problem',
    docs: { description: 'imports follow the arrows between layers' },
    messages: { refused: '"{{specifier}}" is not for {{path}}. {{reason}}', untagged: '{{folder}}/package.json must name a layer: "nx": { "tags": ["layer:..."] }, one of {{layers}}.' },
    schema: [],
  },
  create(context) {
    const packages = readPackages(context.cwd);
    const file = describeFile(context.cwd, packages, context.filename);
    const isUntagged = file.owner !== undefined && !(file.owner.layer in layers);

    function check(node) {
      const specifier = node?.value ?? (node?.type === 'TemplateLiteral' && node.quasis.length === 1 ? node.quasis[0].value.cooked : undefined);
      if (typeof specifier !== 'string' || isUntagged) return;
      const reason = refusal(file, describeImport(context.cwd, context.filename, specifier), packages);
      if (reason !== undefined) context.report({ node, messageId: 'refused', data: { specifier, path: file.path, reason } });
    }

    return {
      Program(node) {
        if (isUntagged) context.report({ node, messageId: 'untagged', data: { folder: file.owner.folder, layers: Object.keys(layers).join(', ') } });
      },
      ImportDeclaration: (node) => check(node.source),
      ExportAllDeclaration: (node) => check(node.source),
      ExportNamedDeclaration: (node) => check(node.source),
      ImportExpression: (node) => check(node.source),
      TSImportType: (node) => check(node.source ?? node.argument?.literal),
      TSExternalModuleReference: (node) => check(node.expression),
      'CallExpression[callee.name="require"]': (node) => check(node.arguments[0]),
      'CallExpression[callee.object.name="require"][callee.property.name="resolve"]': (node) => check(node.arguments[0]),
    };
  },
};
