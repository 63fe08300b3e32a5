import { deadLetterDesks } from '../dead-letter-desks.js';
import { findingsOf, type Finding } from '../domain/doctor/finding.js';
import type { ExaminedPlace } from './examination.js';

const letters = findingsOf('dead letters');
const attempts = findingsOf('ledger');
/** From here on somebody should be told. */
const MANY = 100;

/** Messages that could not be handled. */
export async function lookAtDeadLetters({ context, url }: ExaminedPlace): Promise<readonly Finding[]> {
  const desks = await deadLetterDesks(context, { url });
  const counts = (await Promise.all(desks.map(({ letters: desk }) => desk.countDeadLetters({})))).flatMap((answer) => answer.counts);
  const sum = counts.reduce((all, { count }) => all + count, 0);
  const [most] = counts.toSorted((a, b) => b.count - a.count);
  if (most === undefined) return [letters.ok('none')];
  const says = `${sum} dead letters, most of them ${most.channel}: ${most.reasonCode}`;
  const advice = '`nexus dead-letters count` and `list` show them; replay them once their cause is gone, or purge them.';
  return [sum >= MANY ? letters.failure(says, advice) : letters.warning(says, advice)];
}

/** Model calls of which nobody knows what they cost. */
export async function lookAtAttempts({ context, url }: ExaminedPlace): Promise<readonly Finding[]> {
  const { usage } = await context.gateway({ url });
  const { attempts: unknown } = await usage.listAttempts({ unknown: true });
  if (unknown.length === 0) return [attempts.ok('it is known of every call what it cost')];
  return [attempts.warning(`of ${unknown.length} calls nobody knows yet what they cost`, 'They are asked for at the provider, or settled by policy after a while; `nexus attempts list` shows them, `resolve` settles one by hand.')];
}
