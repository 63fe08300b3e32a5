/** Numbers of things that begin in about their order and end in any: tells up to which of them nothing is under way any more. */
export class LowWater {
  private readonly underWay = new Set<{ readonly at: bigint }>();

  constructor(private highest: bigint) {}

  /** Something with this number begins; call what is returned at its end. */
  begin(at: bigint): () => void {
    const entry = { at };
    this.underWay.add(entry);
    return () => {
      this.underWay.delete(entry);
      if (at > this.highest) this.highest = at;
    };
  }

  get value(): bigint {
    let lowest: bigint | undefined;
    for (const { at } of this.underWay) if (lowest === undefined || at < lowest) lowest = at;
    return lowest === undefined ? this.highest : lowest - 1n;
  }
}
