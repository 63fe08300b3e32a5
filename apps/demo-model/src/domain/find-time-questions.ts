import { findPlaces } from './time-zones.js';

/** A question for the time or the date, somewhere. */
export interface TimeQuestion {
  readonly at: number;
  /** As the person wrote it; undefined when no place is named. */
  readonly place: string | undefined;
  /** IANA name; for a place that is not known here the place itself, for the tool to make sense of. */
  readonly timezone: string | undefined;
}

const ABOUT_TIME = /\b(?:time|date|clock|o'clock|what day|which day|weekday|hour)\b/i;
const ASKS_FOR_NOW = /\bwhat(?:'s|’s| is)? (?:the )?(?:current |exact |local )?(?:time|date|day|hour)\b|\b(?:current|local) (?:time|date)\b|\btime is it\b|\btoday(?:'s|’s) date\b|\btime now\b|\bnow in\b/i;
const IN_SOME_PLACE = /\b(?:time|date|day|it|now|today)\b[^.?!]{0,20}?\b(?:in|at) ((?:\p{Lu}[\p{L}'’-]+ ?){1,3})/u;

/** The questions for the time in a text, in its order. A word like "time" without a question or a place is none. */
export function findTimeQuestions(text: string): TimeQuestion[] {
  const asked = ASKS_FOR_NOW.exec(text);
  const places = ABOUT_TIME.test(text) || asked ? findPlaces(text) : [];
  if (places.length > 0) return places;
  if (!asked) return [];
  const unknown = IN_SOME_PLACE.exec(text)?.[1]?.trim();
  return [{ at: asked.index, place: unknown, timezone: unknown }];
}
