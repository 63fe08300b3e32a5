import { Injectable } from '@nestjs/common';
import { AuditRecorded_Risk, SettingsChanged_Kind } from '@nexus/contracts';
import { AppError, deterministicId } from '@nexus/core';
import type { Tx } from '@nexus/postgres';
import { MOST_WRONG_CODES, WRONG_CODES_WITHIN_MS, typedLinkCode } from '../domain/link-code.js';
import { AccountRepository } from '../storage/account.repository.js';
import { LinkCodeRepository, type StoredCode, type WrongCodes } from '../storage/link-code.repository.js';
import { LinkCodes } from './link-codes.js';
import { TenantChanges, type Actor, type Change } from './tenant-changes.js';

/** An account that sends a code, and the code as it was typed. */
export interface TypedCode {
  readonly surface: string;
  readonly accountId: string;
  readonly accountName: string;
  readonly code: string;
}

/** Whose account it is now. */
export interface LinkedTo {
  readonly personId: string;
  readonly personName: string;
}

/** A refusal is no rejection here: the wrong code that it counts must be stored. */
type Redeemed = LinkedTo | AppError;

@Injectable()
export class RedeemLinkCodeHandler {
  constructor(
    private readonly changes: TenantChanges,
    private readonly codes: LinkCodeRepository,
    private readonly accounts: AccountRepository,
    private readonly ids: LinkCodes,
  ) {}

  /**
   * Links the account to the person of the code. A code works once; the account that used it gets the same answer again, as long as it is linked by it. Throws AppError
   * `link_code_invalid` (400), or `rate_limited` (429, retryable) after ten wrong codes of the account within an hour.
   */
  async handle(actor: Actor, typed: TypedCode): Promise<LinkedTo> {
    const redeemed = await this.changes.make<Redeemed>(actor, (tx, at) => this.redeem(tx, actor.tenantId, typed, at));
    if (redeemed instanceof AppError) throw redeemed;
    return redeemed;
  }

  private async redeem(tx: Tx, tenantId: string, typed: TypedCode, at: Date): Promise<Change<Redeemed>> {
    const { surface, accountId } = typed;
    const wrongId = deterministicId(tenantId, 'wrong codes', surface, accountId);
    const wrong = await this.codes.wrongForUpdate(tx, tenantId, wrongId, at);
    const code = typedLinkCode(typed.code);
    const id = code === undefined ? undefined : this.ids.idOf(tenantId, code);
    const stored = id === undefined ? undefined : await this.codes.getForUpdate(tx, id);
    if (stored?.usedSurface === surface && stored.usedAccount === accountId && (await this.accounts.personOf(tx, surface, accountId))?.id === stored.personId) return { result: linkedTo(stored) };
    if (wrong.until > at && wrong.count >= MOST_WRONG_CODES) return { result: tooManyWrong(wrong, at) };
    if (id === undefined || stored === undefined || !mayBeUsed(stored, surface, at)) {
      const isFirst = wrong.until <= at || wrong.count === 0;
      await this.codes.setWrong(tx, wrongId, isFirst ? { count: 1, until: new Date(at.getTime() + WRONG_CODES_WITHIN_MS) } : { ...wrong, count: wrong.count + 1 });
      return { result: new AppError('link_code_invalid', 'This code is not valid: it was mistyped, used already, or more than 15 minutes old. Ask for a new one.', { status: 400, param: 'code' }) };
    }
    await this.codes.markUsed(tx, id, surface, accountId, at);
    return this.link(tx, tenantId, typed, stored, at);
  }

  private async link(tx: Tx, tenantId: string, { surface, accountId, accountName }: TypedCode, { personId, personName }: StoredCode, at: Date): Promise<Change<Redeemed>> {
    const before = await this.accounts.personOf(tx, surface, accountId);
    await this.accounts.link(tx, tenantId, { surface, accountId, accountName, personId, linkedAt: at });
    return {
      result: { personId, personName },
      done: {
        action: 'account.linked', subject: `${surface} ${accountId}`, before: before === undefined ? null : { person: before.id }, after: { person: personId, accountName },
        risk: AuditRecorded_Risk.MEDIUM, kind: SettingsChanged_Kind.PERSON, name: `${surface} ${accountId}`,
      },
    };
  }
}

const linkedTo = ({ personId, personName }: StoredCode): LinkedTo => ({ personId, personName });

function mayBeUsed({ usedAccount, validUntil, surface: only }: StoredCode, surface: string, at: Date): boolean {
  return usedAccount === null && validUntil > at && (only === '' || only === surface);
}

function tooManyWrong({ until }: WrongCodes, at: Date): AppError {
  return new AppError('rate_limited', 'Too many wrong codes came from this account. Try again later, with a new code.', { status: 429, isRetryable: true, retryAfterMs: until.getTime() - at.getTime() });
}
