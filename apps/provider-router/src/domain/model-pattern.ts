/** True for a model id that stands for many: `fake*`, `demo;*`. */
export function isPattern(id: string): boolean {
  return id.includes('*');
}

/** True when `name` fits `pattern`, where each `*` stands for any text, empty text too. Linear in the name for each star. */
export function matchesPattern(pattern: string, name: string): boolean {
  const parts = pattern.split('*');
  const first = parts[0] ?? '';
  const last = parts[parts.length - 1] ?? '';
  if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last)) return false;
  let from = first.length;
  const end = name.length - last.length;
  for (const part of parts.slice(1, -1)) {
    const at = name.indexOf(part, from);
    if (at < 0 || at + part.length > end) return false;
    from = at + part.length;
  }
  return true;
}
