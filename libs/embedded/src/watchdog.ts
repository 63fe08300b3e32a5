import { spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { serverEnvironment } from './config.js';

// Arguments: pid, signal, folder to remove ('' for none). A line on stdin: all is well, leave. End of input without a line: the
// parent is dead. The pid cannot belong to a stranger by then: a parent that outlives the server sends the line. A zombie counts as
// gone: in a container nobody may ever collect it.
const SCRIPT = `
trap '' INT TERM HUP
read -r line && exit 0
lives() {
  kill -0 "$1" || return 1
  [ -r "/proc/$1/stat" ] || return 0
  read -r stat < "/proc/$1/stat"
  case "$stat" in *") Z "*) return 1 ;; esac
}
kill -"$2" "$1"
n=0
while lives "$1" && [ "$n" -lt 100 ]; do sleep 0.1; n=$((n+1)); done
lives "$1" && kill -KILL "$1"
[ -z "$3" ] || rm -rf -- "$3"
`;

/** What to do with a process once its parent is dead. */
export interface OrphanPlan {
  readonly signal: 'INT' | 'QUIT' | 'TERM' | 'KILL';
  /** Removed when the process is gone. */
  readonly removeFolder?: string;
}

/**
 * Ends the process `pid` when this process dies, however it dies (kill -9 included): a small shell, apart from our terminal and
 * process group, waits on a pipe that only we hold. After 10 s it uses KILL. Call the returned function once `pid` is gone.
 */
export function guardAgainstOrphan(pid: number, plan: OrphanPlan): () => void {
  const shell = spawn('/bin/sh', ['-c', SCRIPT, 'nexus-watchdog', String(pid), plan.signal, plan.removeFolder ?? ''], {
    cwd: '/',
    detached: true,
    env: serverEnvironment(),
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // Without a shell there is no guard; the next start on the same folder still stops what was left behind.
  shell.on('error', () => undefined);
  shell.stdin.on('error', () => undefined);
  shell.unref();
  if (shell.stdin instanceof Socket) shell.stdin.unref();
  return () => {
    shell.stdin.end('released\n');
  };
}
