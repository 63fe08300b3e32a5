import { Injectable } from '@nestjs/common';
import { AuditRecorded_Risk, SettingsChanged_Kind } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { AccountRepository } from '../storage/account.repository.js';
import { TenantChanges, type Actor } from './tenant-changes.js';

@Injectable()
export class UnlinkAccountHandler {
  constructor(
    private readonly changes: TenantChanges,
    private readonly accounts: AccountRepository,
  ) {}

  /** The account is nobody's any more. Throws AppError `account_not_linked` (404). */
  handle(actor: Actor, surface: string, accountId: string): Promise<void> {
    return this.changes.make(actor, async (tx) => {
      const account = /\0/.test(surface + accountId) ? undefined : await this.accounts.unlink(tx, surface, accountId);
      if (account === undefined) throw new AppError('account_not_linked', 'This account is linked to nobody.', { status: 404, param: 'account_id' });
      const name = `${surface} ${accountId}`;
      return {
        result: undefined,
        done: {
          action: 'account.unlinked', subject: name, before: { person: account.personId, accountName: account.accountName }, after: null,
          risk: AuditRecorded_Risk.MEDIUM, kind: SettingsChanged_Kind.PERSON, name,
        },
      };
    });
  }
}
