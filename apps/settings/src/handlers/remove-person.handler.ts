import { Injectable } from '@nestjs/common';
import { AuditRecorded_Risk, SettingsChanged_Kind } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { PersonRepository } from '../storage/person.repository.js';
import { TenantChanges, type Actor } from './tenant-changes.js';

/** Nobody here has that id or name. */
export function personNotFound(): AppError {
  return new AppError('person_not_found', 'This tenant knows nobody of that id or name. `nexus people list` shows whom it knows.', { status: 404, param: 'person' });
}

@Injectable()
export class RemovePersonHandler {
  constructor(
    private readonly changes: TenantChanges,
    private readonly people: PersonRepository,
  ) {}

  /** The person with their accounts, groups and codes is gone, and no longer served. Throws AppError `person_not_found` (404). */
  handle(actor: Actor, idOrName: string): Promise<void> {
    return this.changes.make(actor, async (tx) => {
      const person = await this.people.findForUpdate(tx, idOrName);
      if (person === undefined) throw personNotFound();
      await this.people.delete(tx, person.id);
      return {
        result: undefined,
        done: { action: 'person.removed', subject: person.id, before: { name: person.name }, after: null, risk: AuditRecorded_Risk.MEDIUM, kind: SettingsChanged_Kind.PERSON, name: '' },
      };
    });
  }
}
