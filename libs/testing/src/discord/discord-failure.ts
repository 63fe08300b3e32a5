/** A refusal as Discord words it. */
export class DiscordFailure extends Error {
  constructor(
    readonly status: number,
    readonly code: number,
    message: string,
    readonly errors?: object,
  ) {
    super(message);
  }

  body(): object {
    return { message: this.message, code: this.code, ...(this.errors && { errors: this.errors }) };
  }
}

export const unauthorized = (): DiscordFailure => new DiscordFailure(401, 0, '401: Unauthorized');
export const notFound = (): DiscordFailure => new DiscordFailure(404, 0, '404: Not Found');
export const unknownChannel = (): DiscordFailure => new DiscordFailure(404, 10_003, 'Unknown Channel');
export const unknownMessage = (): DiscordFailure => new DiscordFailure(404, 10_008, 'Unknown Message');
export const unknownWebhook = (): DiscordFailure => new DiscordFailure(404, 10_015, 'Unknown Webhook');
export const unknownInteraction = (): DiscordFailure => new DiscordFailure(404, 10_062, 'Unknown interaction');
export const alreadyAcknowledged = (): DiscordFailure => new DiscordFailure(400, 40_060, 'Interaction has already been acknowledged.');
export const notTheAuthor = (): DiscordFailure => new DiscordFailure(403, 50_005, 'Cannot edit a message authored by another user');
export const emptyMessage = (): DiscordFailure => new DiscordFailure(400, 50_006, 'Cannot send an empty message');
export const missingPermissions = (): DiscordFailure => new DiscordFailure(403, 50_013, 'Missing Permissions');
export const invalidWebhookToken = (): DiscordFailure => new DiscordFailure(401, 50_027, 'Invalid Webhook Token');
export const archivedThread = (): DiscordFailure => new DiscordFailure(400, 50_083, 'Thread is archived');
export const tooLarge = (): DiscordFailure => new DiscordFailure(413, 40_005, 'Request entity too large');
export const threadExists = (): DiscordFailure => new DiscordFailure(400, 160_004, 'A thread has already been created for this message');

/** 50035, with the field and what is wrong with it. */
export function invalidForm(field: string, code: string, message: string): DiscordFailure {
  return new DiscordFailure(400, 50_035, 'Invalid Form Body', { [field]: { _errors: [{ code, message }] } });
}
