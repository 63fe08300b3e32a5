import { expect, it } from 'vitest';
import { findPlaces } from './time-zones.js';
import { findTimeQuestions } from './find-time-questions.js';

it.each([
  ['what time is it in Tokyo?', [['Tokyo', 'Asia/Tokyo']]],
  ['What is the time in new york and in London', [['new york', 'America/New_York'], ['London', 'Europe/London']]],
  ['current time in San Francisco, please', [['San Francisco', 'America/Los_Angeles']]],
  ['the local time of Europe/Berlin', [['Europe/Berlin', 'Europe/Berlin']]],
  ["What's Tokyo's time?", [["Tokyo's", 'Asia/Tokyo']]],
  ['which day is it in japan?', [['japan', 'Asia/Tokyo']]],
  ['time in São Paulo', [['São Paulo', 'America/Sao_Paulo']]],
  ['what time is it in UTC', [['UTC', 'UTC']]],
  ['what time is it in Munich and in Berlin?', [['Munich', 'Europe/Berlin']]],
  ['what time is it?', [[undefined, undefined]]],
  ["what's today's date", [[undefined, undefined]]],
  ['What time is it in Atlantis City?', [['Atlantis City', 'Atlantis City']]],
])('%s', (text, places) => {
  expect(findTimeQuestions(text).map((it) => [it.place, it.timezone])).toEqual(places);
});

it.each(['hello', 'three times four', 'I had a good time', 'London is a city', 'it is time to wake up at the center', 'la la la'])('%j asks for no time', (text) => {
  expect(findTimeQuestions(text)).toEqual([]);
});

it('names only time zones that exist', () => {
  for (const place of ['kyiv', 'Mumbai', 'Hanoi', 'Beijing', 'Geneva', 'Auckland', 'UTC', 'Hawaii', 'Nairobi']) {
    const [found] = findPlaces(`in ${place}`);
    expect(() => new Intl.DateTimeFormat('en', { timeZone: found?.timezone ?? 'none' }), place).not.toThrow();
  }
});
