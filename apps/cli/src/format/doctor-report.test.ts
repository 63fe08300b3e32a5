import { describe, expect, it } from 'vitest';
import type { Finding } from '../domain/doctor/finding.js';
import { changeLines, doctorJson, doctorLines } from './doctor-report.js';

const plain = (_: string, text: string): string => text;
const well: Finding = { subject: 'redis', verdict: 'ok', says: 'Redis 7.0.15' };
const slow: Finding = { subject: 'redis', verdict: 'warning', says: 'Redis answers in 45 ms', advice: 'Bring it nearer.' };
const lost: Finding = { subject: 'dead letters', verdict: 'failure', says: '120 dead letters', advice: 'Look at them.' };
const at = new Date('2026-11-20T16:00:00Z');

describe('the report', () => {
  it('has a line for each finding, what to do below it, and a sum', () => {
    expect(doctorLines([well, slow, lost, lost], plain)).toEqual([
      'ok    redis         Redis 7.0.15',
      'warn  redis         Redis answers in 45 ms',
      '                    Bring it nearer.',
      'FAIL  dead letters  120 dead letters',
      '                    Look at them.',
      'FAIL  dead letters  120 dead letters',
      '                    Look at them.',
      '',
      '2 failures, 1 warning.',
    ]);
    expect(doctorLines([well], plain).at(-1)).toBe('Everything that was looked at is well.');
  });

  it('is JSON for programs, with the gravest verdict', () => {
    expect(JSON.parse(doctorJson([well, slow], at))).toEqual({
      at: '2026-11-20T16:00:00.000Z', verdict: 'warning',
      findings: [{ ...well, advice: null }, slow],
    });
  });

  it('tells what has begun and what is over, and nothing of figures that change', () => {
    expect(changeLines([well, slow], [well, { ...slow, says: 'Redis answers in 51 ms' }], at, plain)).toEqual([]);
    expect(changeLines([slow], [lost], at, plain)).toEqual(['16:00:00  FAIL  dead letters: 120 dead letters. Look at them.', '16:00:00  over  redis: Redis answers in 45 ms']);
  });
});
