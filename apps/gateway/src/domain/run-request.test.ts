import { Progress } from '@nexus/contracts';
import { describe, expect, it } from 'vitest';
import { toRunRequest } from './run-request.js';

const options = { agent: 'default', model: '', timezone: 'Asia/Tokyo', locale: 'en' };

describe('toRunRequest', () => {
  it('takes text, or parts of text and images by reference', () => {
    expect(toRunRequest('thread-1', { content: 'hi' }, options)).toMatchObject({ threadId: 'thread-1', text: 'hi', timezone: 'Asia/Tokyo', surface: 'api', progress: Progress.PARTS });
    const parts = [{ type: 'text', text: 'what' }, { type: 'text', text: 'is this?' }, { type: 'image_url', image_url: { url: 'https://example.com/a.png' } }];
    expect(toRunRequest('thread-1', { content: parts }, options)).toMatchObject({ text: 'what\nis this?', attachments: [{ uri: 'https://example.com/a.png' }] });
  });

  it("takes messages that stand in the place of the thread's own", () => {
    const request = toRunRequest('thread-1', { messages: [{ role: 'user', content: 'hi' }] }, options);
    expect(request.text).toBe('');
    expect(request.history).toHaveLength(1);
  });

  it.each([
    [{}, 'content'],
    [{ content: 'a', messages: [] }, 'content'],
    [{ content: ' ' }, 'content'],
    [{ content: 4 }, 'content'],
    [{ content: [] }, 'content'],
    [{ content: [{ type: 'input_audio' }] }, 'content[0].type'],
    [{ content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } }] }, 'content[0].image_url.url'],
    [{ messages: [] }, 'messages'],
    [{ messages: [{ role: 'user' }] }, 'messages[0].content'],
  ])('refuses %j and names %s', (said, param) => {
    expect(() => toRunRequest('thread-1', said, options)).toThrow(expect.objectContaining({ status: 400, param }));
  });
});
