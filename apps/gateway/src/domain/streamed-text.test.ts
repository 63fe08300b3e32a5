import { create } from '@bufbuild/protobuf';
import { ProgressPartSchema, type ProgressPart } from '@nexus/contracts';
import { describe, expect, it } from 'vitest';
import { StreamedText } from './streamed-text.js';

const delta = (text: string, seq: number, step = 1, epoch = 1): ProgressPart => create(ProgressPartSchema, { step, epoch: BigInt(epoch), seq: BigInt(seq), part: { case: 'textDelta', value: text } });
const toolStarted = (step: number, epoch = 1): ProgressPart => create(ProgressPartSchema, { step, epoch: BigInt(epoch), part: { case: 'toolStarted', value: {} } });

function pass(parts: readonly ProgressPart[]): { text: StreamedText; passed: string } {
  const text = new StreamedText();
  return { text, passed: parts.map((part) => text.add(part)).join('') };
}

describe('StreamedText', () => {
  it('passes deltas on and lacks nothing in the end', () => {
    const { text, passed } = pass([delta('It is', 0), delta(' noon.', 1)]);
    expect(passed).toBe('It is noon.');
    expect(text.rest('It is noon.')).toBe('');
  });

  it('drops a delta that comes twice', () => {
    expect(pass([delta('It', 0), delta('It', 0), delta(' is', 1), delta('It', 0)]).passed).toBe('It is');
  });

  it('holds back what follows a gap, and completes it from the answer', () => {
    const { text, passed } = pass([delta('It', 0), delta(' noon', 2), delta('.', 3)]);
    expect(passed).toBe('It');
    expect(text.rest('It is noon.')).toBe(' is noon.');
  });

  it('parts the text of steps, and compares only the last one with the answer', () => {
    const { text, passed } = pass([delta('Let me look.', 0, 1), toolStarted(1), delta('It is', 0, 2)]);
    expect(passed).toBe('Let me look.\n\nIt is');
    expect(text.rest('It is noon.')).toBe(' noon.');
  });

  it('puts the answer after an earlier step when none of its deltas came', () => {
    const { text } = pass([delta('Let me look.', 0, 1), toolStarted(1)]);
    expect(text.rest('It is noon.')).toBe('\n\nIt is noon.');
  });

  it('goes on when the call is made anew and the new text begins as the old one', () => {
    const { text, passed } = pass([delta('It is', 0, 1, 1), delta('It', 0, 1, 2), delta(' late', 1, 1, 1), delta(' is no', 1, 1, 2), delta('on.', 2, 1, 2)]);
    expect(passed).toBe('It is noon.');
    expect(text.rest('It is noon.')).toBe('');
  });

  it('never splices two epochs: what was passed on is void as soon as the new text differs', () => {
    const { text, passed } = pass([delta('It is', 0, 1, 1), delta('It was', 0, 1, 2), delta(' noon.', 1, 1, 2)]);
    expect(passed).toBe('It is');
    expect(text.isVoid).toBe(true);
    expect(text.rest('It was noon.')).toBeUndefined();
  });

  it('compares with the answer when the new text was not heard in full', () => {
    const { text, passed } = pass([delta('It is', 0, 1, 1), delta('It', 0, 1, 2), delta(' noon', 2, 1, 2)]);
    expect([passed, text.isVoid]).toEqual(['It is', false]);
    expect(text.rest('It is noon.')).toBe(' noon.');
    expect(text.rest('It was noon.')).toBeUndefined();
  });

  it('takes nothing for the text of a step that was made anew unless it heard it', () => {
    const silent = pass([delta('Let me look.', 0, 1, 1), toolStarted(1, 2)]);
    expect(silent.text.isVoid).toBe(true);
    const later = pass([delta('Let me look.', 0, 1, 1), delta('Let', 0, 1, 2), delta('It is', 0, 2, 2)]);
    expect([later.passed, later.text.isVoid]).toEqual(['Let me look.', true]);
    const same = pass([delta('Let me look.', 0, 1, 1), delta('Let me', 0, 1, 2), delta(' look.', 1, 1, 2), toolStarted(1, 2), delta('It is', 0, 2, 2)]);
    expect([same.passed, same.text.isVoid]).toEqual(['Let me look.\n\nIt is', false]);
  });

  it('holds back a step whose first delta is missing', () => {
    const { text, passed } = pass([delta(' is', 1), delta(' noon', 2)]);
    expect(passed).toBe('');
    expect(text.rest('It is noon.')).toBe('It is noon.');
  });

  it('says that another text was passed on than was answered', () => {
    expect(pass([delta('It is one', 0)]).text.rest('It is noon.')).toBeUndefined();
  });

  it('counts reasoning without passing it on', () => {
    const reasoning = create(ProgressPartSchema, { step: 1, epoch: 1n, seq: 0n, part: { case: 'reasoningDelta', value: 'hm' } });
    expect(pass([reasoning, delta('It', 1)]).passed).toBe('It');
  });
});
