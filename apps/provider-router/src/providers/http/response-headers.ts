/** The value of a header in the name, value, name, value ... list that undici hands out; the name is given in lower case. */
export function headerValue(headers: readonly Buffer[], name: string): string | undefined {
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const key = headers[i];
    // Almost every other header has another length, so that few names are decoded.
    if (key && key.length === name.length && key.toString('latin1').toLowerCase() === name) return headers[i + 1]?.toString('latin1');
  }
  return undefined;
}
