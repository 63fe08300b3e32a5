// Runs inside a child process: loads one function and calls it for each message. It imports nothing of ours by path,
// so that it starts both from the sources (type stripping) and from the build.
import { Script } from 'node:vm';

interface Call {
  readonly input: unknown;
  /** Milliseconds after which the call is stopped from inside, even when no parent is left to do it. */
  readonly timeoutMs: number;
}

const [moduleUrl, exportName] = process.argv.slice(2);
if (moduleUrl === undefined || exportName === undefined) throw new Error('usage: isolated-process-child <module URL> <export name>');

const exported: unknown = ((await import(moduleUrl)) as Record<string, unknown>)[exportName];
if (typeof exported !== 'function') throw new Error(`${exportName} is not a function`);
const work = exported as (input: unknown) => unknown;

let input: unknown;
Object.defineProperty(globalThis, 'callWork', { value: () => work(input) });
// Only code run by node:vm can be stopped while it computes.
const script = new Script('callWork()');

process.on('message', (call: Call) => {
  input = call.input;
  const before = process.cpuUsage();
  const cpuMs = (): number => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  };
  try {
    const output = script.runInThisContext({ timeout: call.timeoutMs }) as unknown;
    process.send?.({ kind: 'ok', output, cpuMs: cpuMs() });
  } catch (error) {
    process.send?.({ kind: 'error', message: error instanceof Error ? error.message : 'unknown', cpuMs: cpuMs() });
  }
});
process.on('disconnect', () => process.exit(0));
process.send?.({ kind: 'ready' });
