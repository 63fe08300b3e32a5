import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * When the process `pid` began, as an opaque text: (pid, beginning) tells a process from a later one that got the same pid.
 * Undefined when there is no such process, or only its zombie.
 */
export function processBeginning(pid: number): string | undefined {
  if (process.platform !== 'linux') {
    const [state, ...began] = ps(pid, 'stat=,lstart=').split(/\s+/);
    return state === undefined || state === '' || state.startsWith('Z') ? undefined : began.join(' ');
  }
  const stat = readProc(pid, 'stat');
  // The second field is the program's name in parentheses and may itself hold spaces and parentheses.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields === undefined || fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}

/** The command line of the process `pid`, its words apart by blanks; '' when there is no such process. */
export function commandLine(pid: number): string {
  if (process.platform !== 'linux') return ps(pid, 'command=');
  return (readProc(pid, 'cmdline') ?? '').replaceAll('\0', ' ').trim();
}

function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}

function ps(pid: number, format: string): string {
  return spawnSync('ps', ['-o', format, '-p', String(pid)], { encoding: 'utf8' }).stdout?.trim() ?? '';
}
