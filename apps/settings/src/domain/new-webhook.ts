import { eventTypes, type EventType } from '@nexus/contracts';
import { AppError, isUuid } from '@nexus/core';

/** What somebody wants a webhook to be. */
export interface NewWebhook {
  readonly name: string;
  readonly url: string;
  /** Without doubles; empty is every type. */
  readonly types: readonly EventType[];
}

const LONGEST_NAME = 100;
const LONGEST_URL = 2_048;

/** Checks what is asked for; plain http only where `mayBePlain`. Throws an AppError `invalid_webhook` (400) that names the field. */
export function checkedNewWebhook(wish: { readonly name: string; readonly url: string; readonly types: readonly string[] }, mayBePlain: boolean): NewWebhook {
  const { name } = wish;
  if (name === '' || name.length > LONGEST_NAME) throw invalid('name', `must have 1 to ${LONGEST_NAME} characters: it tells webhooks apart`);
  if (/\p{Cc}/u.test(name)) throw invalid('name', 'must not hold control characters');
  if (isUuid(name)) throw invalid('name', 'must not be a UUID, which would be taken for an id');
  const types = [...new Set(wish.types)];
  const unknown = types.find((type) => !isEventType(type));
  if (unknown !== undefined) throw invalid('types', `are among: ${eventTypes.join(', ')}`);
  return { name, url: checkedUrl(wish.url, mayBePlain), types: types.filter(isEventType) };
}

function checkedUrl(text: string, mayBePlain: boolean): string {
  const url = URL.parse(text);
  if (url === null || url.href.length > LONGEST_URL) throw invalid('url', `must be an absolute URL of at most ${LONGEST_URL} characters, such as https://example.com/hooks/nexus`);
  if (url.protocol !== 'https:' && !(mayBePlain && url.protocol === 'http:')) throw invalid('url', `must begin with https://${mayBePlain ? ' or http://' : ''}`);
  if (url.username !== '' || url.password !== '') throw invalid('url', 'must not contain a user name or password: verify the signature instead');
  url.hash = '';
  return url.href;
}

function isEventType(type: string): type is EventType {
  return (eventTypes as readonly string[]).includes(type);
}

function invalid(field: string, what: string): AppError {
  return new AppError('invalid_webhook', `${field} ${what}.`, { status: 400, param: field });
}
