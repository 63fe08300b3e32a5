import { create } from '@bufbuild/protobuf';
import { Role, ThreadMessageSchema, ThreadSchema } from '@nexus/contracts';
import { describe, expect, it } from 'vitest';
import { listJson, storedMessageId, threadJson, threadMessageJson } from './thread-json.js';

describe('threadJson', () => {
  it('gives seconds, and null for a thread that is not archived', () => {
    expect(threadJson(create(ThreadSchema, { id: 't', title: 'x', createdAt: 1_763_600_000_999n }))).toMatchObject({ id: 't', object: 'thread', created_at: 1_763_600_000, archived_at: null });
    expect(threadJson(create(ThreadSchema, { archivedAt: 2_000n })).archived_at).toBe(2);
  });
});

describe('threadMessageJson', () => {
  const results = create(ThreadMessageSchema, {
    id: 'run.3', runId: 'run', createdAt: 1_000n,
    message: { role: Role.TOOL, parts: ['a', 'b'].map((text) => ({ kind: { case: 'toolResult' as const, value: { callId: text, text } } })) },
  });
  it('gives each tool result an id that leads back to the stored message', () => {
    const messages = threadMessageJson('t', results);
    expect(messages.map(({ id }) => id)).toEqual(['run.3', 'run.3.1']);
    expect(messages.map(({ id }) => storedMessageId(id))).toEqual(['run.3', 'run.3']);
    expect(messages[1]).toMatchObject({ object: 'thread.message', thread_id: 't', run_id: 'run', role: 'tool', tool_call_id: 'b', created_at: 1 });
  });
});

describe('listJson', () => {
  it('names the ends of a page', () => {
    expect(listJson([{ id: 'a' }, { id: 'b' }], true)).toEqual({ object: 'list', data: [{ id: 'a' }, { id: 'b' }], first_id: 'a', last_id: 'b', has_more: true });
    expect(listJson([], false)).toMatchObject({ first_id: null, last_id: null, has_more: false });
  });
});
