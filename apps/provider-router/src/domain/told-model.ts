import type { ModelAbilities } from './provider-config.js';

/** A model as its provider told of it; what is left out was not told. */
export interface ToldModel {
  /** The provider's own. */
  readonly name: string;
  readonly contextWindow?: number | undefined;
  readonly abilities?: Partial<ModelAbilities> | undefined;
}
