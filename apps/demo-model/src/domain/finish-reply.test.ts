import { describe, expect, it } from 'vitest';
import type { ChatRequest, Reply } from './chat.js';
import { countTokens, firstTokens } from './count-tokens.js';
import { finishReply } from './finish-reply.js';
import { splitText } from './split-text.js';

const request: ChatRequest = { messages: [{ role: 'user', text: 'hello there', unreadParts: 0, toolCalls: [], toolCallId: undefined }], tools: [], toolChoice: { kind: 'auto' }, isParallel: true };
const free = { maxTokens: undefined, stop: [], isJson: false };
const text: Reply = { kind: 'text', text: 'one two three' };
const tools: Reply = { kind: 'tools', calls: [{ name: 'f', arguments: { x: 1 } }] };

describe('counting tokens', () => {
  it('counts short words as one, long words as several, and signs one by one', () => {
    expect(countTokens('')).toBe(0);
    expect(countTokens('one, two!')).toBe(4);
    expect(countTokens('internationalisation')).toBe(4);
    expect(countTokens('Grüße 東京 😀')).toBe(3);
  });
  it('cuts a text to at most as many as are allowed', () => {
    for (let limit = 0; limit < 8; limit++) expect(countTokens(firstTokens('one, two! three😀', limit))).toBe(Math.min(limit, 6));
    expect(firstTokens('one two three', 2)).toBe('one two ');
  });
});

describe('a finished reply', () => {
  it('has its tokens counted', () => {
    expect(finishReply(text, request, free)).toEqual({ text: 'one two three', calls: [], finishReason: 'stop', promptTokens: 5, completionTokens: 3 });
    expect(finishReply(tools, request, free)).toMatchObject({ text: undefined, finishReason: 'tool_calls', completionTokens: countTokens('f{"x":1}') });
    expect(finishReply(text, { ...request, tools: [{ name: 'f', parameters: {} }] }, free).promptTokens).toBeGreaterThan(5);
  });
  it('never has more than it may', () => {
    expect(finishReply(text, request, { ...free, maxTokens: 2 })).toMatchObject({ text: 'one two ', finishReason: 'length', completionTokens: 2 });
    expect(finishReply(tools, request, { ...free, maxTokens: 2 })).toMatchObject({ text: '', calls: [], finishReason: 'length', completionTokens: 0 });
    expect(finishReply(text, request, { ...free, maxTokens: 3 }).finishReason).toBe('stop');
  });
  it('ends before a stop word', () => {
    expect(finishReply(text, request, { ...free, stop: ['three', 'two', ''] })).toMatchObject({ text: 'one ', finishReason: 'stop' });
  });
  it('is a JSON object when that is asked for', () => {
    expect(JSON.parse(finishReply(text, request, { ...free, isJson: true }).text ?? '')).toEqual({ answer: 'one two three' });
  });
});

describe('splitting a text', () => {
  it.each([undefined, 1, 2, 3, 7, 1_000])('into %s pieces loses nothing', (count) => {
    for (const whole of ['', ' ', 'a', 'one  two\nthree ', 'Grüße 😀😀😀 東京']) expect(splitText(whole, count).join('')).toBe(whole);
  });
  it('gives as many pieces as asked for, or one for each character', () => {
    expect(splitText('abcdefghij', 4)).toHaveLength(4);
    expect(splitText('a😀c', 40)).toEqual(['a', '😀', 'c']);
    expect(splitText('one two three', undefined)).toEqual(['one', ' two', ' three']);
  });
});
