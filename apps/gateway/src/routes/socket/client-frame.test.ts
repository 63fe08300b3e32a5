import { describe, expect, it } from 'vitest';
import { readClientFrame } from './client-frame.js';

const read = (frame: unknown) => readClientFrame(typeof frame === 'string' ? frame : JSON.stringify(frame));

describe('readClientFrame', () => {
  it.each([
    { type: 'login', ticket: 'abc' },
    { type: 'send_message', id: 'telegram:1:2', request: { text: 'hi', surface: 'telegram' }, traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' },
    { type: 'subscribe', message_id: 'm', after: '1-0' },
    { type: 'unsubscribe', task_id: 't' },
    { type: 'cancel', message_id: 'm' },
    { type: 'ping' },
    { type: 'pong', id: '7' },
  ])('takes %j', (frame) => {
    expect(read(frame)).toEqual(frame);
  });

  it.each([
    ['{', undefined, undefined],
    ['[]', undefined, undefined],
    ['null', undefined, undefined],
    [{ type: 'shout' }, 'type', undefined],
    [{ type: 'constructor' }, 'type', undefined],
    [{ type: 'send_message', id: 'm', request: 'hi' }, 'request', 'm'],
    [{ type: 'send_message', id: 'm'.repeat(513), request: {} }, 'id', undefined],
    [{ type: 'send_message', id: 'm', request: {}, more: 1 }, 'more', 'm'],
    [{ type: 'cancel', message_id: 'a\u0000' }, 'message_id', 'a\u0000'],
    [{ type: 'subscribe' }, undefined, undefined],
    [{ type: 'subscribe', run_id: 'a', task_id: 'b' }, undefined, undefined],
  ])('says what is wrong with %j', (frame, param, messageId) => {
    expect(read(frame)).toMatchObject({ error: { code: 'invalid_frame', status: 400, param }, messageId });
  });
});
