import { Progress } from '@nexus/contracts';
import { describe, expect, it } from 'vitest';
import { socketRequest } from './socket-request.js';

describe('socketRequest', () => {
  it('reads the JSON of proto3, under both names of a field', () => {
    expect(socketRequest({ text: 'hi', surface: 'telegram', chatId: '7', topic_id: '1', progress: 'PROGRESS_STEPS', deadlineMs: '1763600000000' })).toMatchObject({
      text: 'hi', surface: 'telegram', chatId: '7', topicId: '1', progress: Progress.STEPS, deadlineMs: 1_763_600_000_000n,
    });
  });

  it('asks for all parts, on the surface of the API, when nothing else is said', () => {
    expect(socketRequest({ text: 'hi' })).toMatchObject({ progress: Progress.PARTS, surface: 'api' });
  });

  it.each([{ text: 7 }, { chatid: '7' }, { progress: 'LOUD' }])('refuses %j', (json) => {
    expect(() => socketRequest(json)).toThrow(expect.objectContaining({ code: 'invalid_request', status: 400, param: 'request' }));
  });

  it('takes no cancel for a message', () => {
    expect(() => socketRequest({ cancelsMessageId: 'm' })).toThrow(expect.objectContaining({ param: 'request.cancelsMessageId' }));
  });
});
