import type { AdapterMemory } from '@nexus/adapter-kit';

/** What the surface remembers over restarts, in the memory of its adapter. Its keys begin with `discord:`. */
export type SurfaceMemory = Pick<AdapterMemory, 'get' | 'set' | 'delete' | 'list'>;
