/** Longest name that is compared; a longer one cannot be a typing mistake, and the comparison is quadratic. */
const MAX_LENGTH = 64;

/** Up to `limit` candidates that `name` may have meant, nearest first; case, `_`, `-` and spaces do not count. */
export function nearestNames(name: string, candidates: Iterable<string>, limit = 3): string[] {
  if (name.length > MAX_LENGTH) return [];
  const wanted = simplified(name);
  const near: { candidate: string; distance: number }[] = [];
  for (const candidate of candidates) {
    const simple = simplified(candidate);
    const isPart = wanted.length >= 3 && (simple.includes(wanted) || wanted.includes(simple));
    const distance = isPart ? 1 : editDistance(wanted, simple);
    if (distance <= Math.max(1, Math.floor(wanted.length / 3))) near.push({ candidate, distance });
  }
  return near
    .sort((a, b) => a.distance - b.distance)
    .slice(0, limit)
    .map(({ candidate }) => candidate);
}

function simplified(name: string): string {
  return name.toLowerCase().replaceAll(/[\s_-]/g, '');
}

/** Insertions, deletions and replacements that turn `a` into `b` (Levenshtein). */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = previous[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, previous[column]! + 1, current[column - 1]! + 1));
    }
    previous = current;
  }
  return previous[b.length]!;
}
