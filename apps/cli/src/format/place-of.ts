/** Where a server is: its URL without user and password. */
export function placeOf(url: string): string {
  const parsed = URL.parse(url);
  return parsed === null ? 'an address that is no URL' : `${parsed.protocol}//${parsed.host}${parsed.pathname}`;
}
