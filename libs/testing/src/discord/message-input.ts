import { z } from 'zod';
import { emptyMessage, invalidForm } from './discord-failure.js';
import type { DiscordAttachment } from './discord-objects.js';
import type { RequestContent } from './request-content.js';

/** Characters of a message. Discord counts code points; the fake counts UTF-16 units, which is never less. */
export const MAX_CONTENT = 2_000;
const MAX_NONCE = 25;

const fields = z.looseObject({
  content: z.string().nullish(),
  nonce: z.union([z.string(), z.number()]).nullish(),
  enforce_nonce: z.boolean().nullish(),
  flags: z.number().nullish(),
  message_reference: z.looseObject({ message_id: z.string(), fail_if_not_exists: z.boolean().nullish() }).nullish(),
  allowed_mentions: z.looseObject({ parse: z.array(z.string()).nullish(), users: z.array(z.string()).nullish(), replied_user: z.boolean().nullish() }).nullish(),
  attachments: z.array(z.looseObject({ id: z.union([z.string(), z.number()]), filename: z.string().nullish() })).nullish(),
});

/** A message as a client sends it. */
export type MessageInput = z.infer<typeof fields>;

/** Reads and checks what a client wants to say; throws what Discord answers. */
export function messageInput({ fields: raw }: RequestContent): MessageInput {
  const read = fields.safeParse(raw);
  if (!read.success) throw invalidForm(String(read.error.issues[0]?.path[0] ?? 'body'), 'BASE_TYPE_BAD', read.error.issues[0]?.message ?? 'wrong');
  const { content, nonce } = read.data;
  if (content != null && content.length > MAX_CONTENT) throw invalidForm('content', 'BASE_TYPE_MAX_LENGTH', `Must be ${MAX_CONTENT} or fewer in length.`);
  if (nonce != null && String(nonce).length > MAX_NONCE) throw invalidForm('nonce', 'BASE_TYPE_MAX_LENGTH', `Must be ${MAX_NONCE} or fewer in length.`);
  return read.data;
}

/** The attachments of a message after a request: those that were there and are still named, and those that came with it. */
export function attachmentsAfter(before: readonly DiscordAttachment[], input: MessageInput, { files }: RequestContent, nextId: () => string): readonly DiscordAttachment[] {
  const named = input.attachments;
  const kept = named == null ? before : before.filter(({ id }) => named.some((entry) => String(entry.id) === id));
  const added = files.map((file) => ({ id: nextId(), filename: named?.find((entry) => String(entry.id) === file.index)?.filename ?? file.filename, contentType: file.contentType, content: file.content }));
  return [...kept, ...added];
}

/** Throws unless there is something to see. */
export function checkNotEmpty(content: string, attachments: readonly DiscordAttachment[]): void {
  if (content.trim() === '' && attachments.length === 0) throw emptyMessage();
}
