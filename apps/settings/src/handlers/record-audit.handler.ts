import { Injectable } from '@nestjs/common';
import type { Message } from '@nexus/channels';
import { AppError, isUuid } from '@nexus/core';
import { AuditRepository, type AuditEntry } from '../storage/audit.repository.js';

/** Keeps what services report. The same id again changes nothing, whatever it says. */
@Injectable()
export class RecordAuditHandler {
  constructor(private readonly audit: AuditRepository) {}

  /** Throws an AppError `invalid_audit` when an entry cannot be kept as it is. */
  async handle(batch: readonly Message<'audit.recorded'>[]): Promise<void> {
    await this.audit.insertBatch(batch.map(entryOf));
  }
}

function entryOf({ id, tenantId, timestamp, payload }: Message<'audit.recorded'>): AuditEntry {
  if (!isUuid(id) || !isUuid(tenantId)) throw new AppError('invalid_audit', 'An audit entry needs a UUID for its id and for its tenant.', { status: 400 });
  const { actor, action, subject, before, after, risk, atMs } = payload;
  const at = new Date(atMs === 0n ? timestamp : Number(atMs));
  if (Number.isNaN(at.getTime())) throw new AppError('invalid_audit', 'The time of an audit entry is out of range.', { status: 400, param: 'at_ms' });
  return { tenantId, id, actor: storable(actor), action: storable(action), subject: storable(subject), before: storable(before), after: storable(after), risk, at };
}

/** Postgres takes no NUL in text. */
function storable(text: string): string {
  return text.replaceAll('\u0000', '\ufffd');
}
