import { pause } from '../pause.js';
import type { GatewayClient } from './gateway-client.js';

const KEY = 'faults.count';
const WITHIN_MS = 60_000;

/** Changes the tenant's configuration again and again. */
export class SettingsChanges {
  /** The last number that settings said it had stored. */
  acknowledged = 0;
  lost = 0;
  private isStopped = false;
  private running: Promise<void> = Promise.resolve();
  private readonly client: GatewayClient;
  private readonly onChange: () => void;

  constructor(client: GatewayClient, onChange: () => void) {
    this.client = client;
    this.onChange = onChange;
  }

  start(everyMs: number): void {
    this.running = this.run(everyMs);
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await this.running;
  }

  /** What settings has stored in the end. */
  async stored(): Promise<number> {
    const reply = await this.client.post('/nexus.settings.v1.SettingsService/GetConfig', { prefix: KEY }, undefined, WITHIN_MS);
    return Number((reply?.body['values'] as Record<string, string> | undefined)?.[KEY] ?? Number.NaN);
  }

  private async run(everyMs: number): Promise<void> {
    for (let count = 1; !this.isStopped; count++) {
      const reply = await this.client.post('/nexus.settings.v1.SettingsService/UpdateConfig', { values: { [KEY]: String(count) } }, `setting-${count}`, WITHIN_MS);
      if (reply?.status !== 200) this.lost++;
      else {
        this.acknowledged = count;
        this.onChange();
      }
      await pause(everyMs);
    }
  }
}
