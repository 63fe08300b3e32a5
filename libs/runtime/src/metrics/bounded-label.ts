/** What takes the place of values beyond the bound. */
export const OTHER = 'other';

/** Keeps a label within a number of values, where they come from outside: the first ones have their name, all others are `other`. */
export class BoundedLabel {
  private readonly known = new Set<string>();

  constructor(private readonly most: number) {}

  of(value: string): string {
    if (this.known.has(value)) return value;
    if (this.known.size >= this.most) return OTHER;
    this.known.add(value);
    return value;
  }
}
