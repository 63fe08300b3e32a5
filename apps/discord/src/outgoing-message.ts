import type { RawFile, RequestData } from '@discordjs/rest';
import { plain, toMarkdown, type Formatted, type Piece } from '@nexus/adapter-kit';

/** Characters of one message. */
export const MAX_CONTENT = 2_000;

/** Nobody is notified by what a model says, whatever it says. */
const NOBODY = { parse: [], replied_user: false };

/** How long a content is for Discord, marks and escapes included. */
export function lengthOf(content: Formatted): number {
  return toMarkdown(content).length;
}

/** The Markdown of a piece. One that is too long with all its marks (the kit cuts so that none is) goes without them. */
function contentOf(content: Formatted): string {
  const markdown = toMarkdown(content);
  if (markdown.length <= MAX_CONTENT) return markdown;
  return toMarkdown(plain(content.text)).slice(0, MAX_CONTENT);
}

/** The request that makes a message say this. `more` is added to the body: a nonce, a reference. */
export function messageRequest({ content, file }: Piece, more: object = {}): RequestData {
  const files: RawFile[] = file === undefined ? [] : [{ name: file.name, data: file.content, ...(file.mediaType !== '' && { contentType: file.mediaType }) }];
  // Attachments that are not named are taken away: so the same request again changes nothing.
  const attachments = file === undefined ? [] : [{ id: 0, filename: file.name }];
  return { body: { content: contentOf(content), attachments, allowed_mentions: NOBODY, ...more }, files };
}
