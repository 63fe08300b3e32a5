import { AppError } from '@nexus/core';
import type { Adapter, AdapterOptions } from './adapter.js';

/**
 * Runs an adapter between a surface and NEXUS; resolves when it hears people. Every message of the surface reaches NEXUS, and its answer its
 * place exactly once, in the order of the questions, also when this process or Redis dies meanwhile.
 */
export async function runAdapter(_options: AdapterOptions): Promise<Adapter> {
  throw new AppError('unimplemented', 'not there yet', { status: 501 });
}
