import type { IncomingMessage, ServerResponse } from 'node:http';
import { anthropic, countTokensAnswer } from '@nexus/wires';
import { countTokens } from '../domain/count-tokens.js';
import { checkMessagesBody } from '../domain/endpoints/messages.js';
import type { RawRoute } from './door.js';
import { parseJson, readBody } from './read-body.js';
import { requireMethod } from './require-method.js';
import { writeJson } from './write-error.js';

/** POST /v1/messages/count_tokens: an estimate that no provider is asked for, which a header says. */
export class CountTokensRoute implements RawRoute {
  readonly queues = undefined;

  constructor(private readonly maxBodyBytes: number) {}

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    requireMethod('POST', request, response);
    const body = checkMessagesBody(parseJson(await readBody(request, this.maxBodyBytes)));
    const inputTokens = countTokens(anthropic.readRequest(body));
    writeJson(response, 200, countTokensAnswer(inputTokens), { 'x-nexus-estimated': 'true' });
  }
}
