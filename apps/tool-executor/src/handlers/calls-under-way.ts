/** The calls that this replica makes now, so that one that arrives again meanwhile is made once and answered twice. */
export class CallsUnderWay<T> {
  private readonly calls = new Map<string, Promise<T>>();

  /** What comes of the call under way with this key, else of `make`. One that rejects is forgotten; any other stays until `forget`. */
  join(key: string, make: () => Promise<T>): Promise<T> {
    const underWay = this.calls.get(key);
    if (underWay !== undefined) return underWay;
    const call = make();
    this.calls.set(key, call);
    call.catch(() => this.forget(key));
    return call;
  }

  forget(key: string): void {
    this.calls.delete(key);
  }
}
