import type { Asked } from '../oracles/progress.js';
import { pause } from '../pause.js';
import type { GatewayClient } from './gateway-client.js';

const PREFIX = 'faults.count';
/** Longer than a change that died half way stays in the way of its repetition. */
const WITHIN_MS = 90_000;
/** Several go on side by side: one that waits for its repetition does not hold up the others. */
const WRITERS = 4;

/** Changes the tenant's configuration again and again. */
export class SettingsChanges {
  /** By key, the last number that settings said it had stored. */
  private readonly acknowledged = new Map<string, number>();
  private readonly lost: string[] = [];
  /** When each change was asked for, and when it had its end. */
  readonly asked: Asked[] = [];
  private isStopped = false;
  private running: Promise<unknown> = Promise.resolve();
  private readonly client: GatewayClient;
  private readonly onChange: () => void;

  constructor(client: GatewayClient, onChange: () => void) {
    this.client = client;
    this.onChange = onChange;
  }

  start(everyMs: number): void {
    this.running = Promise.all(Array.from({ length: WRITERS }, (_, writer) => this.write(`${PREFIX}.${writer + 1}`, everyMs * WRITERS)));
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await this.running;
  }

  /** Changes that were not acknowledged in time, and acknowledged ones that are not there. */
  async wrong(): Promise<string[]> {
    const reply = await this.client.post('/nexus.settings.v1.SettingsService/GetConfig', { prefix: PREFIX }, undefined, WITHIN_MS);
    const values = (reply?.body['values'] ?? {}) as Record<string, string>;
    const gone = [...this.acknowledged].filter(([key, count]) => Number(values[key]) !== count).map(([key, count]) => `settings acknowledged ${key} = ${count} and has ${values[key] ?? 'nothing'}`);
    return [...this.lost, ...gone];
  }

  get count(): number {
    return [...this.acknowledged.values()].reduce((sum, count) => sum + count, 0);
  }

  private async write(key: string, everyMs: number): Promise<void> {
    for (let count = 1; !this.isStopped; count++) {
      const change = { from: Date.now(), to: undefined as number | undefined };
      this.asked.push(change);
      const reply = await this.client.post('/nexus.settings.v1.SettingsService/UpdateConfig', { values: { [key]: String(count) } }, `${key}-${count}`, WITHIN_MS);
      if (reply?.status !== 200) this.lost.push(`${key} = ${count} was never acknowledged: ${reply?.code ?? 'no reply'} ${JSON.stringify(reply?.body ?? {})}`);
      else {
        change.to = Date.now();
        this.acknowledged.set(key, count);
        this.onChange();
      }
      await pause(everyMs);
    }
  }
}
