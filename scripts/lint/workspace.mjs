/** Which package a file or an import belongs to. */
import { readFileSync, readdirSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative, resolve, sep } from 'node:path';

/** Every package below libs/ and apps/ of a workspace: `{ name, folder, layer }`, folder relative with slashes. */
export function readPackages(root) {
  return ['libs', 'apps'].flatMap((parent) =>
    readdirSync(join(root, parent)).flatMap((name) => {
      const folder = `${parent}/${name}`;
      try {
        const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
        const tags = manifest.nx?.tags ?? [];
        return [{ name: manifest.name, folder, layer: tags.find((tag) => tag.startsWith('layer:'))?.slice('layer:'.length) }];
      } catch (error) {
        if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
        throw error;
      }
    }),
  );
}

/** What a file is, by where it stands: `{ path, owner, isTest, domainFolder }`; owner is undefined outside of every package. */
export function describeFile(root, packages, file) {
  const path = relative(root, file).split(sep).join('/');
  const owner = packages.find(({ folder }) => path.startsWith(`${folder}/`));
  const inside = owner === undefined ? path : path.slice(owner.folder.length + 1);
  return {
    path,
    owner,
    isTest: /\.test\.tsx?$/.test(path) || inside.startsWith('test/'),
    domainFolder: owner?.folder.startsWith('apps/') && inside.startsWith('src/domain/') ? `${owner.folder}/src/domain` : undefined,
  };
}

/**
 * What an import names: `{ kind: 'file', path }` with the path relative to the root, `{ kind: 'builtin', name }`,
 * or `{ kind: 'package', name, subpath }`.
 */
export function describeImport(root, file, specifier) {
  if (specifier.startsWith('.') || specifier.startsWith('/') || specifier.startsWith('file:')) {
    const target = resolve(dirname(file), specifier.replace(/^file:\/\//, ''));
    return { kind: 'file', path: relative(root, target).split(sep).join('/') };
  }
  if (isBuiltin(specifier)) return { kind: 'builtin', name: specifier.replace(/^node:/, '').split('/')[0] };
  const parts = specifier.split('/');
  const length = specifier.startsWith('@') ? 2 : 1;
  return { kind: 'package', name: parts.slice(0, length).join('/'), subpath: parts.slice(length).join('/') };
}
