import { z } from 'zod';
import type { Tool } from '../domain/tool.js';
import { parametersOf } from './parameters-of.js';
import { resolveTimeZone } from './resolve-time-zone.js';

const argumentsSchema = z.strictObject({
  timezone: z.string().max(64).optional().describe('IANA time zone or large city, e.g. "Asia/Tokyo" or "Tokyo". Left out: the time zone of the person asking, else UTC.'),
});

/**
 * `current_time`: the date and time in a zone, as JSON with `timezone`, `iso` (with offset, whole seconds), `weekday` (English) and
 * `text` (in the person's locale). The zone is the argument's, else the person's, else UTC.
 */
export const currentTime: Tool = {
  name: 'current_time',
  description: 'Tells the current date and time in a time zone: ISO 8601 with offset, weekday, and readable text.',
  parameters: parametersOf(argumentsSchema),
  isIdempotent: true,
  timeoutMs: 1_000,
  maxResultBytes: 1_024,
  async run(args, context) {
    const { timezone } = argumentsSchema.parse(args);
    const zone = timezone === undefined || timezone.trim() === '' ? zoneOfPerson(context.timezone) : resolveTimeZone(timezone);
    const now = new Date(context.now());
    return JSON.stringify({
      timezone: zone,
      iso: isoWithOffset(now, zone),
      weekday: new Intl.DateTimeFormat('en', { timeZone: zone, weekday: 'long' }).format(now),
      text: new Intl.DateTimeFormat(localeOrEnglish(context.locale), { timeZone: zone, dateStyle: 'full', timeStyle: 'long' }).format(now),
    });
  },
};

/** A stored zone that is wrong is not the model's to correct: it gets UTC, and sees so in the result. */
function zoneOfPerson(timezone: string | undefined): string {
  if (timezone === undefined) return 'UTC';
  try {
    return resolveTimeZone(timezone);
  } catch {
    return 'UTC';
  }
}

function localeOrEnglish(locale: string | undefined): string {
  try {
    return Intl.getCanonicalLocales(locale)[0] ?? 'en';
  } catch {
    return 'en';
  }
}

function isoWithOffset(date: Date, timeZone: string): string {
  const format = new Intl.DateTimeFormat('en-u-ca-iso8601-nu-latn', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'longOffset',
  });
  const parts = Object.fromEntries(format.formatToParts(date).map(({ type, value }) => [type, value]));
  const offset = parts['timeZoneName']?.replace('GMT', '') || '+00:00';
  return `${parts['year']}-${parts['month']}-${parts['day']}T${parts['hour']}:${parts['minute']}:${parts['second']}${offset}`;
}
