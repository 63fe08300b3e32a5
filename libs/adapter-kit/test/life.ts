/** How long something lives: after so many steps it does nothing any more, as after a kill -9. */
export class Life {
  steps = 0;
  /** Resolves at its end. */
  readonly ended = Promise.withResolvers<void>();
  private isOver = false;

  constructor(private readonly diesAt = Infinity) {}

  /** Resolves if it lives on, else never. */
  async step(): Promise<void> {
    if (this.isOver || ++this.steps >= this.diesAt) {
      this.isOver = true;
      this.ended.resolve();
      await new Promise(() => undefined);
    }
  }

  /** The same thing, each call of which ends with this life: before it is done, or after. */
  of<T extends object>(thing: T): T {
    return new Proxy(thing, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function' || name === 'capabilities') return value;
        return async (...parameters: unknown[]) => {
          await this.step();
          const result: unknown = await (value as (...all: unknown[]) => unknown).apply(target, parameters);
          await this.step();
          return result;
        };
      },
    });
  }
}
