import { Injectable } from '@nestjs/common';
import { AuditRecorded_Risk, SettingsChanged_Kind } from '@nexus/contracts';
import { AppError, deterministicId } from '@nexus/core';
import { checkedPersonName } from '../domain/person-name.js';
import { PersonRepository, type StoredPerson } from '../storage/person.repository.js';
import { TenantRepository } from '../storage/tenant.repository.js';
import { TenantChanges, type Actor } from './tenant-changes.js';

@Injectable()
export class AddPersonHandler {
  constructor(
    private readonly changes: TenantChanges,
    private readonly people: PersonRepository,
    private readonly tenants: TenantRepository,
  ) {}

  /** The person, who is linked to no account yet. The same bytes of chance make the same person, once. Throws AppError `invalid_person` or `name_taken` (409). */
  handle(actor: Actor, wish: string, chance: Uint8Array): Promise<StoredPerson> {
    const name = checkedPersonName(wish);
    return this.changes.make(actor, async (tx, createdAt) => {
      await this.tenants.requireKnown(tx);
      const person: StoredPerson = { id: deterministicId(actor.tenantId, 'person', Buffer.from(chance).toString('hex')), name, createdAt };
      if (!(await this.people.insert(tx, actor.tenantId, person))) {
        const known = await this.people.findForUpdate(tx, person.id);
        if (known?.name === name) return { result: known };
        throw new AppError('name_taken', 'There is a person of that name already: their name is what budgets and reports call them.', { status: 409, param: 'name' });
      }
      return {
        result: person,
        done: { action: 'person.added', subject: person.id, before: null, after: { name }, risk: AuditRecorded_Risk.LOW, kind: SettingsChanged_Kind.PERSON, name: '' },
      };
    });
  }
}
