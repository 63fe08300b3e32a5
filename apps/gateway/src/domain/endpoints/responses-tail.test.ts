import { AppError } from '@nexus/core';
import { describe, expect, it } from 'vitest';
import { ResponsesTail } from './responses-tail.js';

const error = new AppError('provider_error', 'It broke.', { status: 502 });
const event = (type: string, sequence_number: number, more: object = {}): string => `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number, ...more })}\n\n`;
const created = event('response.created', 0, { response: { id: 'resp_1', status: 'in_progress', output: [] } });

function failed(...seen: readonly (string | Uint8Array)[]): { readonly type: string; readonly sequence_number: number; readonly response?: { readonly id: string } }[] {
  const tail = new ResponsesTail();
  for (const events of seen) tail.see(events);
  return [...tail.fail(error).matchAll(/^data: (.*)$/gm)].map(([, data = '']) => JSON.parse(data) as { type: string; sequence_number: number });
}

describe('ResponsesTail', () => {
  it('goes on with the numbers of the events that were sent, as text or as bytes', () => {
    const last = event('response.output_text.delta', 7, { delta: 'says "sequence_number": 99' });
    for (const sent of [last, Buffer.from(last)]) {
      expect(failed(created + event('response.in_progress', 1), sent)).toMatchObject([
        { type: 'error', sequence_number: 8, code: 'provider_error', message: 'It broke.', param: null },
        { type: 'response.failed', sequence_number: 9, response: { id: 'resp_1', status: 'failed', error: { code: 'server_error', message: 'It broke.' } } },
      ]);
    }
  });

  it('has no response to fail where none was begun', () => {
    expect(failed()).toMatchObject([{ type: 'error', sequence_number: 0 }]);
    expect(failed('data: {not json\n\n')).toMatchObject([{ type: 'error', sequence_number: 0 }]);
  });
});
