/** Cities and countries with one time zone that the IANA names do not hold, or hold under another city. */
const ALIASES: Readonly<Record<string, string>> = {
  'new york city': 'America/New_York', nyc: 'America/New_York', boston: 'America/New_York', washington: 'America/New_York', 'washington dc': 'America/New_York',
  miami: 'America/New_York', atlanta: 'America/New_York', philadelphia: 'America/New_York', houston: 'America/Chicago', dallas: 'America/Chicago', austin: 'America/Chicago',
  'san francisco': 'America/Los_Angeles', sf: 'America/Los_Angeles', 'los angeles': 'America/Los_Angeles', la: 'America/Los_Angeles', seattle: 'America/Los_Angeles',
  'san diego': 'America/Los_Angeles', 'las vegas': 'America/Los_Angeles', 'salt lake city': 'America/Denver', montreal: 'America/Toronto', ottawa: 'America/Toronto',
  'rio de janeiro': 'America/Sao_Paulo', rio: 'America/Sao_Paulo', 'são paulo': 'America/Sao_Paulo', 'mexico city': 'America/Mexico_City', bogotá: 'America/Bogota',
  munich: 'Europe/Berlin', münchen: 'Europe/Berlin', hamburg: 'Europe/Berlin', frankfurt: 'Europe/Berlin', cologne: 'Europe/Berlin', köln: 'Europe/Berlin', stuttgart: 'Europe/Berlin',
  germany: 'Europe/Berlin', geneva: 'Europe/Zurich', bern: 'Europe/Zurich', zürich: 'Europe/Zurich', switzerland: 'Europe/Zurich', wien: 'Europe/Vienna', austria: 'Europe/Vienna',
  milan: 'Europe/Rome', naples: 'Europe/Rome', italy: 'Europe/Rome', barcelona: 'Europe/Madrid', spain: 'Europe/Madrid', lyon: 'Europe/Paris', marseille: 'Europe/Paris', france: 'Europe/Paris',
  manchester: 'Europe/London', edinburgh: 'Europe/London', england: 'Europe/London', uk: 'Europe/London', 'united kingdom': 'Europe/London', ireland: 'Europe/Dublin',
  netherlands: 'Europe/Amsterdam', belgium: 'Europe/Brussels', sweden: 'Europe/Stockholm', norway: 'Europe/Oslo', denmark: 'Europe/Copenhagen', finland: 'Europe/Helsinki',
  poland: 'Europe/Warsaw', greece: 'Europe/Athens', turkey: 'Europe/Istanbul', kyiv: 'Europe/Kyiv', 'st petersburg': 'Europe/Moscow',
  beijing: 'Asia/Shanghai', shenzhen: 'Asia/Shanghai', guangzhou: 'Asia/Shanghai', china: 'Asia/Shanghai', osaka: 'Asia/Tokyo', kyoto: 'Asia/Tokyo', japan: 'Asia/Tokyo',
  'south korea': 'Asia/Seoul', korea: 'Asia/Seoul', mumbai: 'Asia/Kolkata', delhi: 'Asia/Kolkata', 'new delhi': 'Asia/Kolkata', bangalore: 'Asia/Kolkata', bengaluru: 'Asia/Kolkata',
  chennai: 'Asia/Kolkata', kolkata: 'Asia/Kolkata', india: 'Asia/Kolkata', hanoi: 'Asia/Ho_Chi_Minh', 'ho chi minh city': 'Asia/Ho_Chi_Minh', vietnam: 'Asia/Ho_Chi_Minh', thailand: 'Asia/Bangkok',
  'tel aviv': 'Asia/Jerusalem', israel: 'Asia/Jerusalem', 'abu dhabi': 'Asia/Dubai', canberra: 'Australia/Sydney', wellington: 'Pacific/Auckland', 'new zealand': 'Pacific/Auckland',
  'cape town': 'Africa/Johannesburg', 'south africa': 'Africa/Johannesburg', egypt: 'Africa/Cairo', kenya: 'Africa/Nairobi', nigeria: 'Africa/Lagos', hawaii: 'Pacific/Honolulu',
  utc: 'UTC', gmt: 'UTC',
};

/** Longest name, in words. */
const MAX_WORDS = 4;

/** Some of these cities are everyday words (Wake, Center): they count only with a capital letter or after "in". */
const byIanaCity = new Map(Intl.supportedValuesOf('timeZone').map((zone) => [zone.slice(zone.lastIndexOf('/') + 1).replaceAll('_', ' ').toLowerCase(), zone]));
const zoneNames = new Map(Intl.supportedValuesOf('timeZone').map((zone) => [zone.toLowerCase(), zone]));

/** A place that a text names, with its time zone. */
export interface PlaceInText {
  readonly at: number;
  /** As the person wrote it. */
  readonly place: string;
  /** IANA name, e.g. `Asia/Tokyo`. */
  readonly timezone: string;
}

/** The places in a text whose time zone is known, in its order, each zone once: cities, some countries, `Europe/Berlin`, `UTC`. */
export function findPlaces(text: string): PlaceInText[] {
  const words = [...text.matchAll(/[\p{L}'’/_-]+/gu)];
  const found = new Map<string, PlaceInText>();
  for (let i = 0; i < words.length; ) {
    const match = placeAt(text, words, i);
    i += match?.words ?? 1;
    if (match && !found.has(match.place.timezone)) found.set(match.place.timezone, match.place);
  }
  return [...found.values()];
}

function placeAt(text: string, words: readonly RegExpMatchArray[], from: number): { words: number; place: PlaceInText } | undefined {
  for (let count = Math.min(MAX_WORDS, words.length - from); count > 0; count--) {
    const [first, last] = [words[from], words[from + count - 1]];
    if (!first || !last) continue;
    const place = text.slice(first.index, (last.index ?? 0) + last[0].length);
    const name = place.toLowerCase().replace(/['’]s$/, '');
    const isCapital = /^\p{Lu}/u.test(place);
    const timezone = alias(name, isCapital) ?? zoneNames.get(name) ?? (isCapital || follows(text, first.index, 'in') ? byIanaCity.get(name) : undefined);
    if (timezone) return { words: count, place: { at: first.index ?? 0, place, timezone } };
  }
  return undefined;
}

/** Two letters are too little to go by unless they are written as a name. */
function alias(name: string, isCapital: boolean): string | undefined {
  return (name.length > 2 || isCapital) && Object.hasOwn(ALIASES, name) ? ALIASES[name] : undefined;
}

function follows(text: string, at: number | undefined, word: string): boolean {
  return text.slice(0, at).trimEnd().toLowerCase().endsWith(` ${word}`);
}
