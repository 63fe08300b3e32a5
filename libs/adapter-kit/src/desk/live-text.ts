import type { LivePart } from '../transport/adapter-transport.js';

/** Says that more will come. */
const GROWING = ' …';

/** What can be shown of an answer while it is made: the text of the step under way, or the tool that works. */
export class LiveText {
  private epoch = 0;
  private step = 0;
  private text = '';
  private tool = '';

  /** Undefined while there is nothing to show. */
  get shown(): string | undefined {
    if (this.text.trim() !== '') return this.text + GROWING;
    return this.tool === '' ? undefined : this.tool + GROWING;
  }

  take(part: LivePart): void {
    switch (part.kind) {
      case 'accepted': return;
      case 'reset': return this.reset(part.epoch);
      case 'tool': {
        this.tool = part.name;
        return;
      }
      case 'text': return this.add(part);
    }
  }

  private add({ epoch, step, text }: Extract<LivePart, { kind: 'text' }>): void {
    if (epoch > this.epoch) this.reset(epoch);
    if (epoch < this.epoch || step < this.step) return;
    if (step > this.step) this.text = '';
    this.step = step;
    this.text += text;
    this.tool = '';
  }

  private reset(epoch: number): void {
    if (epoch <= this.epoch && this.epoch > 0) return;
    this.epoch = epoch;
    this.step = 0;
    this.text = '';
  }
}
