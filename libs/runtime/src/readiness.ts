import type { ChannelBus } from '@nexus/channels';
import type { Database } from '@nexus/postgres';

const ANSWER_WITHIN_MS = 1_000;
const KEEP_MS = 250;

/** Whether a service can do its work now: it is not stopping, and its bus and its database answer within a second. */
export class Readiness {
  private isStopping = false;
  private last: { readonly at: number; readonly answer: Promise<boolean> } | undefined;

  constructor(
    private readonly bus: Pick<ChannelBus, 'ping'>,
    private readonly database: Pick<Database, 'ping'> | undefined,
  ) {}

  /** Never rejects. Probes that come within 250 ms share one answer. */
  check(): Promise<boolean> {
    if (this.isStopping) return Promise.resolve(false);
    const now = performance.now();
    if (this.last === undefined || now - this.last.at > KEEP_MS) this.last = { at: now, answer: this.ask() };
    return this.last.answer;
  }

  /** True once it is stopping: it will not be ready again. */
  get isOver(): boolean {
    return this.isStopping;
  }

  /** From now on the answer is no, so that nobody sends new work. */
  stop(): void {
    this.isStopping = true;
  }

  private async ask(): Promise<boolean> {
    const answers = await Promise.all([answersInTime(this.bus), this.database === undefined ? true : answersInTime(this.database)]);
    return answers.every(Boolean);
  }
}

async function answersInTime(peer: { ping(): Promise<void> }): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ANSWER_WITHIN_MS);
  });
  const answer = await Promise.race([peer.ping().then(() => true, () => false), late]);
  clearTimeout(timer);
  return answer;
}
