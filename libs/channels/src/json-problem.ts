/** Why a payload is not its message as JSON, without quoting what stands in it: protobuf's and JSON.parse's own words do. */
export function jsonProblem(cause: unknown): string {
  const words = cause instanceof Error ? cause.message : '';
  const field = /^cannot decode field ([\w.]+) from JSON(?:: (expected [a-z]\w*(?: \(\w+\))?))?/.exec(words);
  if (field) return `field ${field[1]}: ${field[2] ?? 'its value is not allowed'}`;
  const key = /: (?:key|duplicate object key) "(\w{1,64})"( is unknown)?$/.exec(words);
  if (key) return key[2] === undefined ? `the key ${key[1]} stands there twice` : `there is no field ${key[1]}`;
  return 'it must be one JSON object';
}
