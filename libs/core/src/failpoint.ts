/** Places where a test can inject a fault: each stands between two effects of which a crash may leave one without the other. */
export const failpoints = [
  'gateway.before-publish',
  'gateway.mid-stream',
  'orchestrator.before-accept',
  'orchestrator.after-accept',
  'orchestrator.before-commit',
  'orchestrator.after-commit',
  'router.before-open',
  'router.after-open',
  'router.after-send',
  'router.after-first-part',
  'router.after-answer',
  'router.after-fallback',
  'usage.after-open',
  'usage.before-settle',
  'usage.after-settle',
  'executor.before-call',
  'executor.after-call',
  'settings.after-change',
  'channels.after-publish',
] as const;

export type Failpoint = (typeof failpoints)[number];

let onHit: ((name: Failpoint) => void) | undefined;

/** Does nothing, unless this process was started to fail here. */
export function failpoint(name: Failpoint): void {
  onHit?.(name);
}

/** From now on every failpoint that is passed is told; undefined disarms them. Only the runtime calls this, for the variable FAILPOINT. */
export function armFailpoints(handler: ((name: Failpoint) => void) | undefined): void {
  onHit = handler;
}
