/** Something that goes wrong with calls. */
export interface TelegramDisturbance {
  /** Default: any method but getUpdates. */
  readonly method?: string;
  /** Only calls for this chat. */
  readonly chatId?: number;
  /** So many calls that would be hit go through first; default 0. */
  readonly after?: number;
  /** So many calls are hit; default 1. */
  readonly times?: number;
  /**
   * `flood`: 429 with `retryAfter` seconds, in which the chat stays shut. `server_error`: 502, nothing was done. `reset_before`: the connection
   * breaks, nothing was done. `reset_after`: it is done, and the connection breaks before the answer.
   */
  readonly kind: 'flood' | 'server_error' | 'reset_before' | 'reset_after';
  /** Seconds; default 1. */
  readonly retryAfter?: number;
}

/** What is still to go wrong. */
export class Disturbances {
  private planned: { readonly disturbance: TelegramDisturbance; passes: number; hits: number }[] = [];

  add(disturbance: TelegramDisturbance): void {
    this.planned.push({ disturbance, passes: disturbance.after ?? 0, hits: disturbance.times ?? 1 });
  }

  /** What happens to this call. */
  next(method: string, chatId: number | undefined): TelegramDisturbance | undefined {
    for (const plan of this.planned) {
      const { disturbance } = plan;
      if (disturbance.method === undefined ? method === 'getUpdates' : disturbance.method !== method) continue;
      if (disturbance.chatId !== undefined && disturbance.chatId !== chatId) continue;
      if (plan.passes-- > 0) continue;
      plan.hits -= 1;
      if (plan.hits <= 0) this.planned = this.planned.filter((other) => other !== plan);
      return disturbance;
    }
    return undefined;
  }
}
