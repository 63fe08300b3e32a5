import type { IncomingMessage } from 'node:http';
import { userName } from '../domain/body-fields.js';

/** The user that the client names in a header, instead of the one in the body. */
export function userOf(request: IncomingMessage): string | undefined {
  return userName(request.headers['x-nexus-user']);
}
