import { ChatKind, SettingsChanged_Kind, type SettingsChanged } from '@nexus/contracts';
import { AppError, type Clock } from '@nexus/core';
import { ExpiringCache, asTenant, type ServiceClients } from '@nexus/runtime';
import { MessageRate } from '../domain/message-rate.js';
import { servedSender, type KnownSender, type ServedSender } from '../domain/served-sender.js';
import type { TracedIncoming } from './candidate.js';
import type { IdentityRule, IdentityRules } from './identity-rules.js';
import type { ProvenPublisher } from './publisher-check.js';

const KEEP_MS = 30_000;
/** Whoever was just linked shall not wait long, also where settings.changed got lost. */
const KEEP_UNKNOWN_MS = 5_000;

/** Tells whom a message of a surface is answered for. What settings say of a sender is kept 30 s, of nobody 5 s; settings.changed drops it at once. */
export class Senders {
  private readonly known: ExpiringCache<KnownSender>;
  private readonly rate = new MessageRate();

  constructor(
    clients: Pick<ServiceClients, 'identity'>,
    private readonly rules: Pick<IdentityRules, 'of'>,
    clock: Clock,
  ) {
    this.known = new ExpiringCache<KnownSender>({
      clock,
      load: (key) => {
        const [tenantId, surface, accountId, chatId] = partsOf(key);
        return clients.identity.resolveSender({ surface, accountId, chatId }, asTenant(tenantId));
      },
      keepMs: ({ personId, ownerId }) => (personId === '' && ownerId === '' ? KEEP_UNKNOWN_MS : KEEP_MS),
    });
  }

  /**
   * Whoever the publisher says it is, unless it is an adapter of a surface that serves only people who are known. Messages of adapters are counted by
   * who sent them. Throws AppError `sender_unknown`, `chat_unowned` (403) or `rate_limited` (429, retryable); a retryable one when settings cannot be asked.
   */
  serve({ tenantId, isSurface }: ProvenPublisher, { message }: TracedIncoming, now: number): ServedSender | Promise<ServedSender> {
    return isSurface ? this.check(tenantId, message, now) : unchecked(message);
  }

  /** To be called for each settings.changed. */
  onSettingsChanged({ kind, tenantId, name }: SettingsChanged): void {
    if (kind !== SettingsChanged_Kind.PERSON && kind !== SettingsChanged_Kind.TENANT) return;
    const at = name.indexOf(' ');
    const [surface, id] = [name.slice(0, at), name.slice(at + 1)];
    const isAll = kind === SettingsChanged_Kind.TENANT || at < 0;
    this.known.forget((_sender, key) => {
      const [tenant, onSurface, account, chat] = partsOf(key);
      return (tenantId === '' || tenant === tenantId) && (isAll || (onSurface === surface && (account === id || chat === id)));
    });
  }

  /** Somebody of this surface may have become known. */
  forget(tenantId: string, surface: string): void {
    this.known.forget((_sender, key) => {
      const [tenant, onSurface] = partsOf(key);
      return tenant === tenantId && onSurface === surface;
    });
  }

  private async check(tenantId: string, message: TracedIncoming['message'], now: number): Promise<ServedSender> {
    const rule = await this.rules.of(tenantId);
    const { payload } = message;
    const { surface, chatId, chatKind } = payload;
    const account = payload.sender?.id ?? '';
    const known = rule.surfaces.has(surface) ? await this.known.get(keyOf(tenantId, surface, account, chatKind === ChatKind.GROUP ? chatId : '')) : undefined;
    const isStop = payload.command?.name === 'stop'; // nobody is kept from stopping what costs them money
    const who = account || (known === undefined ? '' : chatId); // a surface without people has no share of each
    if (!isStop && who !== '') this.count(known?.personId || `${surface} ${who}`, tenantId, message.id, rule, now); // also of those who are refused
    return known === undefined ? unchecked(message) : servedSender(payload, known);
  }

  private count(who: string, tenantId: string, messageId: string, { messagesPerMinute }: IdentityRule, now: number): void {
    const waitMs = this.rate.take(`${tenantId} ${who}`, messageId, messagesPerMinute, now);
    if (waitMs === 0) return;
    throw new AppError('rate_limited', `These are more than the ${messagesPerMinute} messages a minute that one person may send. Send it again a little later.`, {
      status: 429, isRetryable: true, retryAfterMs: waitMs,
    });
  }
}

const unchecked = ({ payload }: TracedIncoming['message']): ServedSender => ({ user: payload.sender?.id ?? '', isOwn: true });

const keyOf = (...parts: readonly [tenantId: string, surface: string, accountId: string, chatId: string]): string => JSON.stringify(parts);
const partsOf = (key: string) => JSON.parse(key) as [tenantId: string, surface: string, accountId: string, chatId: string];
