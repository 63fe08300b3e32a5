import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fromJson, type JsonValue } from '@bufbuild/protobuf';
import { ProcessedRequestSchema } from '@nexus/contracts';
import { describe, expect, it } from 'vitest';
import { clientFrames, readClientFrame } from '../src/routes/socket/client-frame.js';
import { closeCodes } from '../src/routes/socket/close-codes.js';
import { serverFrames } from '../src/routes/socket/server-frame.js';
import { socketRequest } from '../src/routes/socket/socket-request.js';

const page = readFileSync(resolve(import.meta.dirname, '../../../docs/websocket.md'), 'utf8');
const [head = '', said = '', told = ''] = page.split(/^## What (?:a client|the gateway) says$/m);

/** The frames that stand in a part of the page, a line each. */
const framesIn = (part: string): readonly Record<string, unknown>[] => part.split('\n').filter((line) => line.startsWith('{"type":')).map((line) => JSON.parse(line) as Record<string, unknown>);
const typesOf = (frames: readonly Record<string, unknown>[]): readonly string[] => [...new Set(frames.map(({ type }) => String(type)))].toSorted();

describe('docs/websocket.md', () => {
  it('shows every frame that a client may send, each as it is taken', () => {
    const frames = [...framesIn(head).filter(({ type }) => type === 'login'), ...framesIn(said)];
    for (const frame of frames) expect(readClientFrame(JSON.stringify(frame))).toEqual(frame);
    expect(typesOf(frames)).toEqual(Object.keys(clientFrames).toSorted());
    for (const frame of frames) if (frame['type'] === 'send_message') expect(socketRequest(frame['request'] as Record<string, unknown>)).toMatchObject({ surface: 'telegram', chatId: '-100' });
  });

  it('shows every frame that the gateway sends, each as its schema says', () => {
    const frames = [...framesIn(head).filter(({ type }) => type === 'welcome'), ...framesIn(told)];
    for (const frame of frames) expect(serverFrames[frame['type'] as keyof typeof serverFrames].parse(frame)).toEqual(frame);
    expect(typesOf(frames)).toEqual(Object.keys(serverFrames).toSorted());
    const [complete] = frames.filter(({ type }) => type === 'message_complete');
    expect(fromJson(ProcessedRequestSchema, complete?.['answer'] as JsonValue)).toMatchObject({ text: 'It is 224.' });
  });

  it('says what each close of the gateway means', () => {
    for (const code of Object.values(closeCodes)) expect(page).toMatch(new RegExp(`^\\| ${code} \\|`, 'm'));
  });
});
