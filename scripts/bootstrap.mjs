/** Makes a checkout runnable: dependencies installed, sources built. Costs milliseconds when nothing changed. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { nodeBinary, root, run, ScriptError, systemEnvironment } from './process.mjs';

const stampFile = join(root, 'dist/build-stamp');

const readJson = (file) => JSON.parse(readFileSync(join(root, file), 'utf8'));

/** True when node_modules holds what package-lock.json says (npm's own record of the last complete install is the witness). */
export function isInstalled() {
  if (!existsSync(join(root, 'node_modules/.package-lock.json'))) return false;
  const installed = readJson('node_modules/.package-lock.json').packages;
  const locked = readJson('package-lock.json').packages;
  return Object.entries(locked).every(([path, entry]) => {
    if (!path.startsWith('node_modules/')) return true;
    const found = installed[path];
    // a package for another platform is locked and never installed
    return found === undefined ? entry.optional === true || entry.devOptional === true : found.version === entry.version;
  });
}

/** Installs exactly what package-lock.json says, when that is not there yet. */
export async function ensureInstalled() {
  if (isInstalled()) return;
  const isFirst = !existsSync(join(root, 'node_modules'));
  const startedAt = Date.now();
  console.log(isFirst ? 'installing dependencies (first time, about a minute) ...' : 'package-lock.json changed: installing dependencies ...');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const result = await run(npm, ['ci'], { env: systemEnvironment(), timeoutMs: 900_000 });
  if (result.code !== 0) throw new ScriptError(`npm ci failed:\n${result.output}`);
  if (!isInstalled()) throw new ScriptError('npm ci ended well, yet node_modules is not what package-lock.json says. Remove node_modules and try again.');
  console.log(`installed in ${seconds(startedAt)}`);
}

const packageFolders = () =>
  ['libs', 'apps'].flatMap((parent) =>
    readdirSync(join(root, parent))
      .map((name) => join(root, parent, name))
      .filter((folder) => existsSync(join(folder, 'tsconfig.json'))),
  );

function* filesIn(folder) {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesIn(path);
    else yield path;
  }
}

function* buildInputs() {
  yield* ['package-lock.json', 'tsconfig.json', 'tsconfig.base.json'].map((name) => join(root, name)).filter(existsSync);
  for (const folder of packageFolders()) {
    yield* [join(folder, 'package.json'), join(folder, 'tsconfig.json')];
    yield* filesIn(join(folder, 'src'));
  }
}

function fingerprint() {
  const hash = createHash('sha256');
  for (const file of [...buildInputs()].sort()) {
    const { size, mtimeMs } = statSync(file);
    hash.update(`${relative(root, file)}\0${size}\0${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

/** True when every package was built from the sources as they are now. */
export function isBuilt() {
  const isStamped = existsSync(stampFile) && readFileSync(stampFile, 'utf8') === fingerprint();
  return isStamped && packageFolders().every((folder) => !existsSync(join(folder, 'src')) || existsSync(join(folder, 'dist/.tsbuildinfo')));
}

/** Removes what the compiler wrote for sources that are gone, so that a folder of migrations holds no ghosts. */
function pruneGhosts() {
  for (const folder of packageFolders()) {
    for (const file of filesIn(join(folder, 'dist'))) {
      const source = /^(.*?)(?:\.d\.ts|\.js)(?:\.map)?$/.exec(relative(join(folder, 'dist'), file))?.[1];
      if (source !== undefined && !['.ts', '.tsx'].some((end) => existsSync(join(folder, 'src', source + end)))) rmSync(file);
    }
  }
}

/** Compiles what changed; resolves to `{ code, output }` of the compiler. */
export async function build() {
  const before = fingerprint();
  pruneGhosts();
  const result = await run(nodeBinary(), [join(root, 'node_modules/typescript7/bin/tsc'), '-b', root, '--pretty', 'false']);
  if (result.code === 0) {
    mkdirSync(dirname(stampFile), { recursive: true });
    writeFileSync(stampFile, before);
  }
  return result;
}

/** Builds when sources changed since the last build; throws a ScriptError with the compiler's words. */
export async function ensureBuilt() {
  if (isBuilt()) return;
  const startedAt = Date.now();
  console.log('building ...');
  const result = await build();
  if (result.code !== 0) throw new ScriptError(`the build failed:\n${result.output}`);
  console.log(`built in ${seconds(startedAt)}`);
}

/** Seconds since a moment, for people: "3.2 s". */
export const seconds = (sinceMs) => `${((Date.now() - sinceMs) / 1000).toFixed(1)} s`;
