import type { ClaimChatRequest, RedeemLinkCodeRequest, ResolveSenderRequest } from '@nexus/contracts';
import { AppError } from '@nexus/core';

interface Known {
  readonly id: string;
  readonly name: string;
}

/** Who writes on surfaces, as settings knows it: what the orchestrator asks of IdentityService is answered from here. */
export class People {
  /** By tenant, surface and account. */
  private readonly accounts = new Map<string, Known>();
  private readonly owners = new Map<string, Known>();
  private readonly codes = new Map<string, Known & { usedBy?: string }>();
  /** How often somebody was asked who a sender is. */
  resolved = 0;
  /** How often a code was redeemed, or tried. */
  redeemed = 0;
  /** Asking fails while it is set. */
  failure: AppError | undefined;

  link(tenantId: string, surface: string, accountId: string, name: string): void {
    this.accounts.set(keyOf(tenantId, surface, accountId), { id: `id of ${name}`, name });
  }

  unlink(tenantId: string, surface: string, accountId: string): void {
    this.accounts.delete(keyOf(tenantId, surface, accountId));
  }

  giveCode(tenantId: string, code: string, name: string): void {
    this.codes.set(keyOf(tenantId, code), { id: `id of ${name}`, name });
  }

  resolve(tenantId: string, { surface, accountId, chatId }: ResolveSenderRequest) {
    this.resolved++;
    if (this.failure !== undefined) throw this.failure;
    const [person, owner] = [this.accounts.get(keyOf(tenantId, surface, accountId)), this.owners.get(keyOf(tenantId, surface, chatId))];
    return { personId: person?.id ?? '', personName: person?.name ?? '', ownerId: owner?.id ?? '', ownerName: owner?.name ?? '' };
  }

  redeem(tenantId: string, { surface, accountId, code }: RedeemLinkCodeRequest) {
    this.redeemed++;
    if (this.failure !== undefined) throw this.failure;
    const found = this.codes.get(keyOf(tenantId, code));
    const account = keyOf(tenantId, surface, accountId);
    if (found === undefined || (found.usedBy ?? account) !== account) throw new AppError('link_code_invalid', 'No.', { status: 400, param: 'code' });
    found.usedBy = account;
    this.accounts.set(account, { id: found.id, name: found.name });
    return { personId: found.id, personName: found.name };
  }

  claim(tenantId: string, { surface, chatId, accountId }: ClaimChatRequest) {
    const person = this.accounts.get(keyOf(tenantId, surface, accountId));
    if (person === undefined) throw new AppError('sender_unknown', 'No.', { status: 403 });
    const owner = this.owners.get(keyOf(tenantId, surface, chatId)) ?? person;
    if (owner.id !== person.id) throw new AppError('chat_owned', 'No.', { status: 409, param: 'chat_id' });
    this.owners.set(keyOf(tenantId, surface, chatId), owner);
    return { ownerId: owner.id, ownerName: owner.name };
  }
}

const keyOf = (...parts: readonly string[]): string => parts.join('|');
