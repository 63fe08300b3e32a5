/** Room for so many bytes at once, or so much of anything else; who finds none waits for its turn, the first first. */
export class ByteRoom {
  private taken = 0;
  private readonly waiting: { readonly bytes: number; readonly enter: () => void }[] = [];

  constructor(private readonly most: number) {}

  /** Resolves when there is room, with what gives it back. What is larger than all the room has it alone. */
  take(bytes: number): Promise<() => void> {
    return new Promise((resolve) => {
      this.waiting.push({ bytes, enter: () => resolve(this.leaveOf(bytes)) });
      this.letIn();
    });
  }

  private leaveOf(bytes: number): () => void {
    let isIn = true;
    return () => {
      if (!isIn) return;
      isIn = false;
      this.taken -= bytes;
      this.letIn();
    };
  }

  private letIn(): void {
    for (let next = this.waiting[0]; next !== undefined && (this.taken === 0 || this.taken + next.bytes <= this.most); next = this.waiting[0]) {
      this.waiting.shift();
      this.taken += next.bytes;
      next.enter();
    }
  }
}
