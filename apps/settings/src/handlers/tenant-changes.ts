import { create } from '@bufbuild/protobuf';
import { Inject, Injectable } from '@nestjs/common';
import { outgoing, type ChannelBus, type OutgoingMessage } from '@nexus/channels';
import { AuditRecordedSchema, SettingsChangedSchema, type AuditRecorded_Risk, type SettingsChanged_Kind } from '@nexus/contracts';
import { failpoint, newId, type Clock, type TraceContext } from '@nexus/core';
import type { Database, Tx } from '@nexus/postgres';
import { BUS, CLOCK, DATABASE, LOGGER, type Logger } from '@nexus/runtime';
import { AuditRepository, type AuditEntry } from '../storage/audit.repository.js';

/** Whom a change is made for, and by. */
export interface Actor {
  readonly tenantId: string;
  /** `key:<id>`, `service`, `system`. */
  readonly name: string;
  readonly requestId: string;
  readonly trace: TraceContext | undefined;
}

/** What a change did; nothing is told or kept of one that changed nothing. */
export interface Change<T> {
  readonly result: T;
  readonly done?: {
    readonly action: string;
    readonly subject: string;
    /** Without secrets. */
    readonly before: unknown;
    readonly after: unknown;
    readonly risk: AuditRecorded_Risk;
    readonly kind: SettingsChanged_Kind;
    /** What services must forget; empty is all of the kind. */
    readonly name: string;
  };
}

/**
 * Makes a change and its audit entry in one transaction; then tells the other services. When telling fails the change stands: the
 * audit is stored, and what the others keep in memory expires by itself.
 */
@Injectable()
export class TenantChanges {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(BUS) private readonly bus: ChannelBus,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly audit: AuditRepository,
  ) {}

  async make<T>(actor: Actor, work: (tx: Tx, at: Date) => Promise<Change<T>>): Promise<T> {
    const at = new Date(this.clock.now());
    let entry: AuditEntry | undefined;
    const { result, done } = await this.database.withTenant(actor.tenantId, async (tx) => {
      const change = await work(tx, at);
      entry = auditEntryOf(actor, change, at);
      if (entry !== undefined) await this.audit.insert(tx, entry);
      return change;
    });
    if (done !== undefined && entry !== undefined) {
      failpoint('settings.after-change');
      await this.tell(actor, entry, done.kind, done.name);
    }
    return result;
  }

  private async tell(actor: Actor, entry: AuditEntry, kind: SettingsChanged_Kind, name: string): Promise<void> {
    const { tenantId, trace, requestId } = actor;
    const { actor: by, action, subject, before, after, risk, at } = entry;
    const messages: OutgoingMessage[] = [
      outgoing({ channel: 'settings.changed', id: newId(), tenantId, trace, correlationId: requestId, payload: create(SettingsChangedSchema, { tenantId, kind, name }) }),
      // The same id as the stored entry: its consumer finds it there and does nothing.
      outgoing({ channel: 'audit.recorded', id: entry.id, tenantId, trace, correlationId: requestId, payload: create(AuditRecordedSchema, { actor: by, action, subject, before, after, risk, atMs: BigInt(at.getTime()) }) }),
    ];
    try {
      await this.bus.publishAll(messages);
    } catch (error) {
      this.logger.warn({ tenant: tenantId, request_id: requestId, error }, 'a change was made, but the other services could not be told');
    }
  }
}

function auditEntryOf(actor: Actor, { done }: Change<unknown>, at: Date): AuditEntry | undefined {
  if (done === undefined) return undefined;
  const { action, subject, before, after, risk } = done;
  return { tenantId: actor.tenantId, id: newId(), actor: actor.name, action, subject, before: JSON.stringify(before), after: JSON.stringify(after), risk, at };
}
