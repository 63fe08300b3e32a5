import type { AgentSnapshot } from '@nexus/contracts';

const CAPACITY = 1_000;

/** Instructions and tools that this process has seen stored, by tenant and hash. */
export class KeptAgents {
  private readonly kept = new Map<string, AgentSnapshot>();

  get(tenantId: string, hash: Uint8Array): AgentSnapshot | undefined {
    return this.kept.get(keyOf(tenantId, hash));
  }

  set(tenantId: string, hash: Uint8Array, agent: AgentSnapshot | undefined): void {
    if (agent === undefined) return;
    if (this.kept.size >= CAPACITY) this.kept.clear();
    this.kept.set(keyOf(tenantId, hash), agent);
  }
}

const keyOf = (tenantId: string, hash: Uint8Array): string => `${tenantId} ${Buffer.from(hash.buffer, hash.byteOffset, hash.byteLength).toString('latin1')}`;
