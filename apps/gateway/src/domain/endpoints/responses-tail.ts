import { AppError } from '@nexus/core';
import { isRecord } from '../invalid-input.js';
import { openAiErrorBody } from '../openai-error.js';
import { formatEvent } from '../server-sent-event.js';
import type { StreamTail } from './model-endpoint.js';

const RATE_LIMITED = 429;

/**
 * Ends a stream of POST /v1/responses after an error, as OpenAI does: with an `error`, and with `response.failed` when the response was
 * begun. What went by is only looked into when that happens.
 */
export class ResponsesTail implements StreamTail {
  private first: string | undefined;
  private last: Uint8Array | string = '';

  see(events: Uint8Array | string): void {
    this.first ??= textOf(events);
    this.last = events;
  }

  answer(): unknown {
    const data = /^data: (\{"type":"response\.(?:completed|incomplete)",.*)$/m.exec(textOf(this.last))?.[1];
    return data === undefined ? undefined : (JSON.parse(data) as { readonly response?: unknown }).response;
  }

  fail(error: AppError): string {
    const { message, param, code } = openAiErrorBody(error).error;
    const next = lastSequenceNumber(textOf(this.last)) + 1;
    const failure = { type: 'error', code, message, param, sequence_number: next };
    const begun = begunResponse(this.first ?? '');
    const failed = begun && {
      type: 'response.failed',
      sequence_number: next + 1,
      response: { ...begun, status: 'failed', error: { code: error.status === RATE_LIMITED ? 'rate_limit_exceeded' : 'server_error', message } },
    };
    return [failure, ...(failed ? [failed] : [])].map((event) => formatEvent({ event: event.type, data: JSON.stringify(event) })).join('');
  }
}

function textOf(events: Uint8Array | string): string {
  return typeof events === 'string' ? events : Buffer.from(events).toString('utf8');
}

/** Of what an answer says it may hold the same words, but escaped: a quote in a JSON string is never bare. */
function lastSequenceNumber(events: string): number {
  return Number([...events.matchAll(/"sequence_number":\s*(\d+)/g)].at(-1)?.[1] ?? -1);
}

/** The response of a `response.created`, which is the first event. */
function begunResponse(events: string): Record<string, unknown> | undefined {
  const data = /^data: ?(.*)$/m.exec(events)?.[1];
  try {
    const event: unknown = JSON.parse(data ?? 'null');
    return isRecord(event) && event.type === 'response.created' && isRecord(event.response) ? event.response : undefined;
  } catch {
    return undefined;
  }
}
