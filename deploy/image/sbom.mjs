/**
 * `node sbom.mjs <folder>`: what a folder with node_modules holds, as a CycloneDX document on stdout: every installed package by name, version,
 * licence and hash. (`npm sbom` refuses a workspace with overrides.)
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder = '.'] = process.argv.slice(2);
const readJson = (path) => JSON.parse(readFileSync(join(folder, path), 'utf8'));
const root = readJson('package.json');

/** `node_modules/a/node_modules/@b/c` -> `@b/c` */
const nameOf = (path) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
const purl = (name, version) => `pkg:npm/${name.replace('@', '%40')}@${version}`;

function component([path, { version, license, integrity }]) {
  const manifest = readJson(join(path, 'package.json'));
  const name = manifest.name ?? nameOf(path);
  const found = version ?? manifest.version;
  const licence = license ?? manifest.license;
  const [algorithm, hash] = integrity?.split('-') ?? [];
  return {
    type: 'library',
    'bom-ref': `${purl(name, found)}#${path}`,
    name,
    version: found,
    purl: purl(name, found),
    ...(typeof licence === 'string' && { licenses: [/^[\w.+-]+$/.test(licence) ? { license: { id: licence } } : { expression: licence }] }),
    ...(algorithm === 'sha512' && { hashes: [{ alg: 'SHA-512', content: Buffer.from(hash, 'base64').toString('hex') }] }),
  };
}

const installed = Object.entries(readJson('node_modules/.package-lock.json').packages).filter(([path]) => existsSync(join(folder, path, 'package.json')));
const document = {
  bomFormat: 'CycloneDX',
  specVersion: '1.5',
  version: 1,
  metadata: { component: { type: 'application', 'bom-ref': 'nexus', name: root.name, version: root.version, licenses: [{ license: { id: root.license } }] } },
  components: installed.map(component),
};
process.stdout.write(`${JSON.stringify(document, undefined, 1)}\n`);
