import { AppError } from '@nexus/core';

interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

const MOST_UNDER_WAY = 2;
const MOST_ITEMS = 256;

/**
 * Commits items in groups: those of one turn of the event loop go together, and while two commits are under way the next ones gather.
 * A group that fails for good is tried item by item, so that one bad item fails alone.
 */
export class GroupedCommits<Item, Answer> {
  private waiting: Waiting<Item, Answer>[] = [];
  private underWay = 0;
  private isDue = false;

  /** @param commit commits all or nothing; its answers are in the order of the items. */
  constructor(private readonly commit: (items: readonly Item[]) => Promise<readonly Answer[]>) {}

  /** Resolves when the item is committed. */
  add(item: Item): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, resolve, reject });
      this.whenTurnEnds();
    });
  }

  private whenTurnEnds(): void {
    if (this.isDue) return;
    this.isDue = true;
    setImmediate(() => {
      this.isDue = false;
      while (this.waiting.length > 0 && this.underWay < MOST_UNDER_WAY) void this.commitGroup(this.waiting.splice(0, MOST_ITEMS));
    });
  }

  private async commitGroup(group: readonly Waiting<Item, Answer>[]): Promise<void> {
    this.underWay += 1;
    await this.settle(group);
    this.underWay -= 1;
    if (this.waiting.length > 0) this.whenTurnEnds();
  }

  private async settle(group: readonly Waiting<Item, Answer>[]): Promise<void> {
    try {
      const answers = await this.commit(group.map(({ item }) => item));
      group.forEach(({ resolve }, place) => resolve(answers[place] as Answer));
    } catch (error) {
      if (group.length > 1 && !AppError.from(error).isRetryable) for (const one of group) await this.settle([one]);
      else for (const { reject } of group) reject(error);
    }
  }
}
