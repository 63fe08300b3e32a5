import type { ProgressPart } from '@nexus/contracts';

/** `anew`: the part begins what was told before of its step once more. `void`: a later part has made it so. */
export type PartPlace = 'next' | 'anew' | 'void';

/** Watches the epochs of one run's parts, so that text of two generations is never taken for one. */
export class PartsInOrder {
  private epoch: bigint | undefined;

  place({ epoch }: Pick<ProgressPart, 'epoch'>): PartPlace {
    const last = this.epoch;
    if (last !== undefined && epoch < last) return 'void';
    this.epoch = epoch;
    return last !== undefined && epoch > last ? 'anew' : 'next';
  }
}
