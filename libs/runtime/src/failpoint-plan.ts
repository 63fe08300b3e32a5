import { AppError, failpoints, type Failpoint } from '@nexus/core';

/** What happens where a process was told to fail. */
export type FailpointAction =
  | { readonly kind: 'kill' }
  | { readonly kind: 'stop' }
  | { readonly kind: 'error' }
  | { readonly kind: 'freeze'; readonly milliseconds: number };

/** One fault: at which pass of which place, and what. */
export interface PlannedFailure {
  readonly name: Failpoint;
  readonly action: FailpointAction;
  /** 1 is the first pass. */
  readonly pass: number;
}

const FORM = /^([a-z.-]+)(?::(kill|stop|error|freeze=(\d{1,6})))?(?:@(\d{1,9}))?$/;

/**
 * Reads `FAILPOINT`: `name[:action][@pass]`, several parted by commas. Actions: `kill` (SIGKILL, the default), `stop` (SIGSTOP), `error` (the
 * work fails once, retryable), `freeze=ms` (the process does nothing for so long). Throws AppError `invalid_configuration`.
 */
export function parseFailpoints(text: string): readonly PlannedFailure[] {
  return text.split(',').map((part) => part.trim()).filter((part) => part !== '').map((part) => {
    const [, name, action = 'kill', milliseconds, pass = '1'] = FORM.exec(part) ?? [];
    const known = failpoints.find((one) => one === name);
    if (known === undefined) throw new AppError('invalid_configuration', `FAILPOINT must be name[:action][@pass]; the names are ${failpoints.join(', ')}.`);
    return { name: known, pass: Number(pass), action: actionOf(action, milliseconds) };
  });
}

function actionOf(action: string, milliseconds: string | undefined): FailpointAction {
  if (milliseconds !== undefined) return { kind: 'freeze', milliseconds: Number(milliseconds) };
  return { kind: action as 'kill' | 'stop' | 'error' };
}
