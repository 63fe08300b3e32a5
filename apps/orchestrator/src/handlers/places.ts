import { placeIdOf, type PlaceName } from '../domain/run-ids.js';
import { untouchedPlace, type PlaceState } from '../domain/place-state.js';
import type { PlaceStore, TenantPlace } from '../storage/place.store.js';

/** Places that are asked for together. */
interface Batch {
  readonly asked: TenantPlace[];
  readonly states: Promise<readonly PlaceState[]>;
}

/** Of places, most that are remembered; the one that was loaded first goes first. */
const CAPACITY = 50_000;

/**
 * How places stand. Only the holder of the lease on requests.incoming changes them, so what it once read stays true while it holds the lease: each
 * lease has an epoch, and a new one begins with nothing.
 */
export class Places {
  private epoch = -1;
  private known = new Map<string, PlaceState>();
  private batch: Batch | undefined;

  constructor(private readonly store: Pick<PlaceStore, 'load'>) {}

  /** Under the lease of this epoch. All that are not known and are asked for in one turn of the event loop are one query. */
  get(epoch: number, tenantId: string, name: PlaceName): PlaceState | Promise<PlaceState> {
    const known = this.knownUnder(epoch);
    const key = keyOf(tenantId, name);
    return known.get(key) ?? this.load(known, key, { tenantId, id: placeIdOf(tenantId, name) });
  }

  /** It was changed under the lease of this epoch. */
  set(epoch: number, tenantId: string, name: PlaceName, state: PlaceState): void {
    keep(this.knownUnder(epoch), keyOf(tenantId, name), state);
  }

  /** What a lease that is over has left behind is kept from nobody else's, and thrown away. */
  private knownUnder(epoch: number): Map<string, PlaceState> {
    if (epoch > this.epoch) {
      this.epoch = epoch;
      this.known = new Map();
    }
    return epoch === this.epoch ? this.known : new Map<string, PlaceState>();
  }

  private async load(known: Map<string, PlaceState>, key: string, place: TenantPlace): Promise<PlaceState> {
    const batch = (this.batch ??= this.newBatch());
    const index = batch.asked.push(place) - 1;
    const read = (await batch.states)[index] ?? untouchedPlace;
    const state = known.get(key) ?? read; // a batch that failed may have left this reading behind, and a command changed the place since
    keep(known, key, state);
    return state;
  }

  private newBatch(): Batch {
    const asked: TenantPlace[] = [];
    const states = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      this.batch = undefined;
      return this.store.load(asked);
    });
    return { asked, states };
  }
}

function keep(known: Map<string, PlaceState>, key: string, state: PlaceState): void {
  const [oldest] = known.size >= CAPACITY && !known.has(key) ? known.keys() : [];
  if (oldest !== undefined) known.delete(oldest);
  known.set(key, state);
}

/** Names hold no NUL: they were checked. */
const keyOf = (tenantId: string, { surface, chatId, topicId }: PlaceName): string => [tenantId, surface, chatId, topicId].join('\u0000');
