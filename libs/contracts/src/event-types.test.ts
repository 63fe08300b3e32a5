import { describe, expect, it } from 'vitest';
import { eventTypes, raisedEventJson } from './event-types.js';

describe('raisedEventJson', () => {
  it('is a CloudEvent with all that one must have', () => {
    expect(raisedEventJson({ id: 'e1', type: 'run.finished', subject: 'r1', atMs: 1_795_192_874_123, data: { run_id: 'r1' } })).toEqual({
      specversion: '1.0', id: 'e1', source: '/nexus/runs', type: 'nexus.run.finished.v1', subject: 'r1', time: '2026-11-20T16:41:14.123Z',
      datacontenttype: 'application/json', data: { run_id: 'r1' },
    });
  });

  it('leaves out a subject that is empty, which CloudEvents do not allow, and knows a type that is newer than itself', () => {
    const event = raisedEventJson({ id: 'e1', type: 'constructor', subject: '', atMs: 0, data: {} });
    expect(event).toMatchObject({ source: '/nexus', type: 'nexus.constructor.v1' });
    expect(event).not.toHaveProperty('subject');
  });

  it('gives each type a source of its own', () => {
    const found = eventTypes.map((type) => raisedEventJson({ id: 'e', type, subject: 's', atMs: 0, data: {} })['source']);
    expect(new Set(found).size).toBe(eventTypes.length);
    expect(found).not.toContain('/nexus');
  });
});
