import { pause } from '../pause.js';
import type { UpdateQueue } from './update-queue.js';

const RETRY_AFTER_MS = 50;

/** Where updates are posted to, one after the other, each until it is answered with 2xx. */
export class WebhookDelivery {
  private target: { readonly url: string; readonly secret: string } | undefined;
  private isRunning = false;
  /** Every attempt's status; 0 where nobody answered. */
  readonly statuses: number[] = [];

  constructor(private readonly queue: UpdateQueue) {
    queue.onAdded = () => void this.run();
  }

  get url(): string {
    return this.target?.url ?? '';
  }

  set(url: string, secret: string): void {
    this.target = url === '' ? undefined : { url, secret };
    void this.run();
  }

  private async run(): Promise<void> {
    if (this.isRunning) return;
    this.isRunning = true;
    try {
      for (let update = this.queue.first(); this.target !== undefined && update !== undefined; update = this.queue.first()) {
        const status = await post(this.target.url, this.target.secret, update);
        this.statuses.push(status);
        if (status >= 200 && status < 300) this.queue.confirmFirst();
        else await pause(RETRY_AFTER_MS);
      }
    } finally {
      this.isRunning = false;
    }
  }
}

function post(url: string, secret: string, update: object): Promise<number> {
  const headers = { 'content-type': 'application/json', ...(secret !== '' && { 'x-telegram-bot-api-secret-token': secret }) };
  return fetch(url, { method: 'POST', headers, body: JSON.stringify(update) }).then(
    async (response) => {
      await response.arrayBuffer();
      return response.status;
    },
    () => 0,
  );
}
