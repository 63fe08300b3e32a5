import { expect, it } from 'vitest';
import { formatEvent } from './server-sent-event.js';

it('writes name, id and data, each on its line, and a blank line', () => {
  expect(formatEvent({ event: 'answer', id: '5-0', data: '{"a":1}' })).toBe('event: answer\nid: 5-0\ndata: {"a":1}\n\n');
  expect(formatEvent({ data: '{}' })).toBe('data: {}\n\n');
});
