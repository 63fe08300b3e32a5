/** What Telegram answers with `ok: false`. */
export class BotApiError extends Error {
  constructor(
    readonly code: number,
    readonly description: string,
    readonly parameters: { readonly retry_after?: number; readonly migrate_to_chat_id?: number } = {},
  ) {
    super(description);
    this.name = 'BotApiError';
  }
}

export const badRequest = (description: string): BotApiError => new BotApiError(400, `Bad Request: ${description}`);
