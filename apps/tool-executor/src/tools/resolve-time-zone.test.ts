import { describe, expect, it } from 'vitest';
import { resolveTimeZone } from './resolve-time-zone.js';

describe('resolveTimeZone', () => {
  it.each([
    ['Asia/Tokyo', 'Asia/Tokyo'],
    ['asia/tokyo', 'Asia/Tokyo'],
    ['Tokyo', 'Asia/Tokyo'],
    [' new york ', 'America/New_York'],
    ['São Paulo', 'America/Sao_Paulo'],
    ['Zürich', 'Europe/Zurich'],
    ['San Francisco', 'America/Los_Angeles'],
    ['Mumbai', 'Asia/Kolkata'],
    ['Asia/Calcutta', 'Asia/Kolkata'],
    ['Kyiv', 'Europe/Kyiv'],
    ['Kiev', 'Europe/Kyiv'],
    ['America/Indiana/Knox', 'America/Indiana/Knox'],
    ['Rome', 'Europe/Rome'],
    ['utc', 'UTC'],
    ['Z', 'UTC'],
    ['UTC+9', '+09:00'],
    ['gmt-3:30', '-03:30'],
    ['+05:45', '+05:45'],
    ['Japan', 'Asia/Tokyo'],
  ])('takes %j as %s', (name, zone) => {
    expect(resolveTimeZone(name)).toBe(zone);
  });

  it.each([
    ['Asia/Tokio', 'timezone: "Asia/Tokio" is not a known time zone. Did you mean Asia/Tokyo?'],
    ['Berln', 'Did you mean Europe/Berlin or'],
    ['BST', 'Abbreviations mean different zones'],
    ['IST', 'Abbreviations mean different zones'],
    ['Atlantis/Deep', 'Give an IANA name such as Europe/Berlin'],
    ['UTC+99', 'is not a known time zone'],
    ['', 'is not a known time zone'],
    ['__proto__', 'is not a known time zone'],
    ['constructor', 'is not a known time zone'],
  ])('refuses %j and says what to do', (name, message) => {
    expect(() => resolveTimeZone(name)).toThrow(expect.objectContaining({ code: 'unknown_timezone', message: expect.stringContaining(message) as string }));
  });
});
