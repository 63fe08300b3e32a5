import { describe, expect, it } from 'vitest';
import { responseMemory } from './response-memory.js';

const UUID = '01a1f944-cc51-7497-b01e-556d584feb5c';
const HEX = UUID.replaceAll('-', '');
const reference = (id: string) => ({ type: 'item_reference', id });
const message = { id: `msg_${HEX}_0`, type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'hi' }] };
const call = { id: `fc_${HEX}_1`, type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' };

describe('responseMemory', () => {
  it('knows the responses of its own items, each once, and leaves those of providers to them', () => {
    const input = [reference(message.id), reference(call.id), reference(`msg_${'a'.repeat(48)}`), reference('rs_x'), { role: 'user', content: reference(message.id) }];
    expect(responseMemory.refersTo({ input })).toEqual([UUID]);
    expect(responseMemory.refersTo({ input: 'text' })).toEqual([]);
    expect(responseMemory.refersTo({})).toEqual([]);
  });

  it('puts items in the place of references, and nothing else elsewhere', () => {
    const foreign = reference(`msg_${'a'.repeat(48)}`);
    const body = { model: 'm', input: [{ role: 'user', content: 'x' }, reference(message.id), reference(call.id), foreign], unknown: 1 };
    const kept = new Map([[UUID, [message, call].map((item) => JSON.stringify(item))]]);
    expect(responseMemory.resolve(body, kept)).toEqual({ model: 'm', input: [{ role: 'user', content: 'x' }, message, call, foreign], unknown: 1 });
    expect(() => responseMemory.resolve(body, new Map())).toThrow(expect.objectContaining({ status: 400, param: 'input[1].id' }));
  });

  it('keeps what it answered itself, unless it is told not to', () => {
    expect(responseMemory.toKeep({ id: `resp_${HEX}`, output: [message, call] })).toEqual({ id: UUID, items: [JSON.stringify(message), JSON.stringify(call)] });
    for (const others of [{ id: `resp_${'a'.repeat(48)}`, output: [message] }, { id: `resp_${HEX}`, output: [] }, { id: `resp_${HEX}` }, undefined, 'x']) expect(responseMemory.toKeep(others)).toBeUndefined();
    expect([{ store: false }, { store: true }, { store: null }, {}].map((body) => responseMemory.isKept(body))).toEqual([false, true, true, true]);
  });
});
