/** The path of a member: `arguments.a`, `arguments[0]` or, for keys that are no identifiers, `arguments["a b"]` (cut at 64 characters). */
export function argumentPath(parent: string, key: string, isIndex: boolean): string {
  if (isIndex) return `${parent}[${key}]`;
  return /^[A-Za-z_$][\w$]{0,63}$/.test(key) ? `${parent}.${key}` : `${parent}[${JSON.stringify(key.slice(0, 64))}]`;
}
