import type { DeadLetter, EntryField, GetDeadLetterResponse } from '@nexus/contracts';
import { SYSTEM_TENANT_ID } from '@nexus/core';
import { harmless, oneLine } from './one-line.js';
import { utcTime } from './utc-time.js';

/** How what is no text is shown. */
export type BinaryEncoding = 'base64' | 'hex';

/** A dead letter with what its entry held. */
export function deadLetterDetail({ deadLetter, fields, problem }: GetDeadLetterResponse, encoding: BinaryEncoding): string[] {
  return [
    ...(deadLetter === undefined ? [] : aboutLetter(deadLetter)),
    '',
    'The entry:',
    ...fields.flatMap((field) => fieldLines(field, encoding)),
    '',
    problem === '' ? 'It can be read by this version of NEXUS.' : `It cannot be read: ${harmless(problem)}`,
  ];
}

function aboutLetter(letter: DeadLetter): string[] {
  const rows = [
    ['id', letter.id],
    ['of', letter.tenantId === SYSTEM_TENANT_ID ? 'nobody known (--system)' : `tenant ${letter.tenantId}`],
    ['channel', letter.channel],
    ['by', letter.consumerGroup],
    ['message', letter.messageId || '-'],
    ['entry', letter.entryId],
    ['reason', `${harmless(letter.reason)} [${letter.reasonCode}]`],
    ['tries', String(letter.deliveries)],
    ...(letter.replays > 0 ? [['replayed', `${letter.replays} times, and failed again`]] : []),
    ['first seen', `${utcTime(letter.firstSeenAt)} UTC`],
    ['last seen', `${utcTime(letter.lastSeenAt)} UTC`],
  ];
  return rows.map(([name = '', value = '']) => `${name.padEnd(12)}${oneLine(value, 2_000)}`);
}

function fieldLines({ name, value, isChanged }: EntryField, encoding: BinaryEncoding): string[] {
  const shownName = oneLine(name, 60);
  if (value.case === 'bytes') return [`  ${shownName} (${value.value.length} bytes, ${encoding})`, `    ${Buffer.from(value.value).toString(encoding)}`];
  const text = harmless(value.value ?? '');
  const lines = (name === 'payload' && isChanged ? indented(text) : text).split('\n');
  return [`  ${shownName}${isChanged ? (name === 'payload' ? ' (decoded)' : ' (secrets masked)') : ''}`, ...lines.map((line) => `    ${line}`)];
}

function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
