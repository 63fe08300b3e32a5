import { AppError } from '@nexus/core';
import { nearestNames } from '../domain/nearest-names.js';

/** Names of today for zones that ICU still lists under an old one. */
const MODERN_NAMES: Readonly<Record<string, string>> = {
  'Africa/Asmera': 'Africa/Asmara',
  'America/Buenos_Aires': 'America/Argentina/Buenos_Aires',
  'America/Godthab': 'America/Nuuk',
  'Asia/Calcutta': 'Asia/Kolkata',
  'Asia/Katmandu': 'Asia/Kathmandu',
  'Asia/Rangoon': 'Asia/Yangon',
  'Asia/Saigon': 'Asia/Ho_Chi_Minh',
  'Atlantic/Faeroe': 'Atlantic/Faroe',
  'Europe/Kiev': 'Europe/Kyiv',
  'Pacific/Ponape': 'Pacific/Pohnpei',
  'Pacific/Truk': 'Pacific/Chuuk',
};

/** Large cities that the tz database files under another city. */
const CITIES_ELSEWHERE: Readonly<Record<string, readonly string[]>> = {
  'America/Chicago': ['Austin', 'Dallas', 'Houston', 'Minneapolis', 'New Orleans', 'San Antonio'],
  'America/Los_Angeles': ['Las Vegas', 'Portland', 'San Diego', 'San Francisco', 'San Jose', 'Seattle', 'Silicon Valley'],
  'America/New_York': ['Atlanta', 'Boston', 'Miami', 'NYC', 'Philadelphia', 'Washington', 'Washington DC'],
  'America/Sao_Paulo': ['Brasilia', 'Rio', 'Rio de Janeiro'],
  'America/Toronto': ['Montreal', 'Ottawa'],
  'Asia/Dubai': ['Abu Dhabi'],
  'Asia/Kolkata': ['Bangalore', 'Bengaluru', 'Chennai', 'Delhi', 'Hyderabad', 'Mumbai', 'New Delhi'],
  'Asia/Shanghai': ['Beijing', 'Guangzhou', 'Shenzhen'],
  'Asia/Tokyo': ['Kyoto', 'Osaka'],
  'Asia/Ho_Chi_Minh': ['Hanoi'],
  'Australia/Sydney': ['Canberra'],
  'Europe/Amsterdam': ['The Hague'],
  'Europe/Berlin': ['Cologne', 'Frankfurt', 'Hamburg', 'Munich'],
  'Europe/London': ['Edinburgh', 'Manchester'],
  'Europe/Madrid': ['Barcelona'],
  'Europe/Rome': ['Milan'],
  'Europe/Zurich': ['Basel', 'Bern', 'Geneva'],
};

/** Short names that mean one thing; ICU knows more of them, but takes BST for Dhaka and IST for Kolkata without a word. */
const SHORT_NAMES = new Set(['utc', 'gmt', 'uct', 'est', 'mst', 'hst', 'cet', 'met', 'eet', 'wet', 'jst', 'pst', 'prc', 'roc', 'rok', 'eire', 'cuba', 'iran', 'zulu']);

const zoneByCity = new Map<string, string>();
for (const listed of Intl.supportedValuesOf('timeZone')) {
  const zone = MODERN_NAMES[listed] ?? listed;
  for (const name of [listed, zone]) zoneByCity.set(keyOf(name.slice(name.lastIndexOf('/') + 1)), zone);
}
for (const [zone, cities] of Object.entries(CITIES_ELSEWHERE)) {
  for (const city of cities) zoneByCity.set(keyOf(city), zone);
}

/**
 * The IANA zone (or `+09:00`-like offset) that a name means: an IANA name in any case, a city (`Tokyo`, `são paulo`), `UTC+9`, `Z`.
 * Throws AppError `unknown_timezone` with suggestions.
 */
export function resolveTimeZone(name: string): string {
  const trimmed = name.trim();
  if (/^z$/i.test(trimmed)) return 'UTC';
  const offset = /^(?:utc|gmt)\s*([+-])(\d{1,2})(?::?(\d{2}))?$/i.exec(trimmed);
  const asked = offset === null ? trimmed : `${offset[1]}${offset[2]?.padStart(2, '0')}:${offset[3] ?? '00'}`;
  const byCity = zoneByCity.get(keyOf(asked));
  if (byCity !== undefined) return byCity;
  const isShortName = /^[a-z]{1,4}$/i.test(asked);
  const zone = isShortName && !SHORT_NAMES.has(asked.toLowerCase()) ? undefined : knownZone(asked);
  if (zone === undefined) throw unknownZone(asked, isShortName);
  return zone;
}

function knownZone(name: string): string | undefined {
  try {
    const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions();
    return MODERN_NAMES[timeZone] ?? timeZone;
  } catch {
    return undefined;
  }
}

function unknownZone(name: string, isShortName: boolean): AppError {
  const near = nearestNames(keyOf(name.slice(name.lastIndexOf('/') + 1)), zoneByCity.keys()).map((city) => zoneByCity.get(city));
  const suggestions = [...new Set(near)];
  const why = isShortName ? ' Abbreviations mean different zones in different places.' : '';
  const next = suggestions.length > 0 ? `Did you mean ${suggestions.join(' or ')}?` : 'Give an IANA name such as Europe/Berlin, or a large city.';
  return new AppError('unknown_timezone', `timezone: ${JSON.stringify(name.slice(0, 64))} is not a known time zone.${why} ${next}`, { status: 400, param: 'timezone' });
}

/** `São Paulo`, `sao_paulo` and `SAO PAULO` are one key. */
function keyOf(city: string): string {
  return city
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[\s_.]+/g, '_');
}
