import { Injectable } from '@nestjs/common';
import { AuditRecorded_Risk, SettingsChanged_Kind } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { CODE_LIFE_MS, linkCodeFrom } from '../domain/link-code.js';
import { LinkCodeRepository } from '../storage/link-code.repository.js';
import { PersonRepository, type StoredPerson } from '../storage/person.repository.js';
import { LinkCodes } from './link-codes.js';
import { personNotFound } from './remove-person.handler.js';
import { TenantChanges, type Actor } from './tenant-changes.js';

const SURFACE = /^(?:[a-z][a-z0-9_-]{0,49})?$/;
/** The account that used a code gets the same answer for so long after it was made. */
const KEPT_MS = 7 * 24 * 3_600_000;

@Injectable()
export class CreateLinkCodeHandler {
  constructor(
    private readonly changes: TenantChanges,
    private readonly people: PersonRepository,
    private readonly codes: LinkCodeRepository,
    private readonly ids: LinkCodes,
  ) {}

  /** A code that links one account, once, within 15 minutes. The same bytes of chance make the same code. Throws AppError `person_not_found` (404). */
  handle(actor: Actor, idOrName: string, surface: string, chance: Uint8Array): Promise<{ readonly code: string; readonly validUntil: Date; readonly person: StoredPerson }> {
    if (!SURFACE.test(surface)) throw new AppError('invalid_person', 'A surface is a name such as telegram or discord; empty is any.', { status: 400, param: 'surface' });
    return this.changes.make(actor, async (tx, at) => {
      const person = await this.people.findForUpdate(tx, idOrName);
      if (person === undefined) throw personNotFound();
      const code = linkCodeFrom(chance);
      const validUntil = new Date(at.getTime() + CODE_LIFE_MS);
      await this.codes.insert(tx, actor.tenantId, { id: this.ids.idOf(actor.tenantId, code), personId: person.id, surface, validUntil, keepUntil: new Date(at.getTime() + KEPT_MS) });
      return {
        result: { code, validUntil, person },
        done: {
          action: 'link-code.created', subject: person.id, before: null, after: { surface, validUntil: validUntil.toISOString() },
          risk: AuditRecorded_Risk.MEDIUM, kind: SettingsChanged_Kind.PERSON, name: '',
        },
      };
    });
  }
}
