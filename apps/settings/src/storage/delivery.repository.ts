import { Inject, Injectable } from '@nestjs/common';
import { deleteExpired, type Database, type Statement, type Tx } from '@nexus/postgres';
import { DATABASE } from '@nexus/runtime';
import { deliveryStates, type AfterTry } from '../domain/delivery.js';

/** An event for the webhooks of its tenant. */
export interface RecordedEvent {
  readonly id: string;
  readonly type: string;
  /** The CloudEvent as JSON. */
  readonly body: string;
}

/** Which webhook, of which tenant. */
export interface WebhookPlace {
  readonly tenantId: string;
  readonly webhookId: string;
}

/** A delivery that this process is to try now. */
export interface ClaimedDelivery extends WebhookPlace {
  readonly id: string;
  readonly eventId: string;
  readonly body: string;
  /** This one among them. */
  readonly tries: number;
  readonly url: string;
  readonly secret: Buffer;
}

/** For whom a claim is made: nobody else tries what is claimed before `until`. */
export interface Claim {
  readonly now: Date;
  readonly until: Date;
  readonly holder: string;
}

const { pending, failed } = deliveryStates;
const CLAIMED = `d.tenant_id AS "tenantId", d.id, d.webhook_id AS "webhookId", d.event_id AS "eventId", d.body, d.tries, w.url, w.secret`;
const KEPT_DAYS = 30;

/** Events on their way to webhooks. Times are those of the caller's clock. */
@Injectable()
export class DeliveryRepository {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** A delivery of each event for each webhook that wants it, in one transaction; those that are there already stay as they are. Answers how many are new. */
  async record(eventsByTenant: ReadonlyMap<string, readonly RecordedEvent[]>, now: Date): Promise<number> {
    const recorded = await this.database.withTenants(new Map([...eventsByTenant].map(([tenantId, events]) => [tenantId, [recordStatement(events, now)]])));
    return [...recorded.values()].flat(2).length;
  }

  /** Webhooks with something to be tried now, those first that have waited longest. */
  async due(now: Date, limit: number): Promise<WebhookPlace[]> {
    const found = await this.database.query<{ tenant_id: string; id: string }>('webhook_due', 'SELECT tenant_id, id FROM settings.due_webhooks($1, $2)', [now, limit]);
    return found.map(({ tenant_id: tenantId, id: webhookId }) => ({ tenantId, webhookId }));
  }

  /** Takes at most so many of each webhook to try them, in one transaction. What another replica takes at the same moment is not among them. */
  async claim(wishes: readonly (WebhookPlace & { readonly most: number })[], { now, until, holder }: Claim): Promise<ClaimedDelivery[]> {
    if (wishes.length === 0) return [];
    const statementOf = ({ webhookId, most }: (typeof wishes)[number]): Statement => ({
      name: 'delivery_claim',
      text: `UPDATE settings.webhook_delivery d SET tries = d.tries + 1, holder = $4, next_try_at = $3
               FROM settings.webhook w
              WHERE d.id = ANY (ARRAY(SELECT c.id FROM settings.webhook_delivery c WHERE c.webhook_id = $1 AND c.state = ${pending} AND c.next_try_at <= $2
                                       ORDER BY c.next_try_at LIMIT $5 FOR UPDATE SKIP LOCKED))
                AND w.id = d.webhook_id
             RETURNING ${CLAIMED}`,
      values: [webhookId, now, until, holder, most],
    });
    const claimed = await this.database.withTenants<ClaimedDelivery>(new Map([...Map.groupBy(wishes, (wish) => wish.tenantId)].map(([tenantId, own]) => [tenantId, own.map(statementOf)])));
    return [...claimed.values()].flat(2);
  }

  /** A delivery that is claimed from the beginning. */
  async insertClaimed(tx: Tx, place: WebhookPlace, { id, type, body }: RecordedEvent, { now, until, holder }: Claim): Promise<ClaimedDelivery> {
    await tx.query(
      'delivery_insert_claimed',
      `INSERT INTO settings.webhook_delivery (tenant_id, id, webhook_id, event_id, type, body, state, tries, last_status, last_error, created_at, next_try_at, holder, expires_at)
       VALUES ($1, $2::uuid, $3, $2::uuid::text, $4, $5, ${pending}, 1, 0, '', $6::timestamptz, $7, $8, $6::timestamptz + interval '${KEPT_DAYS} days')`,
      [place.tenantId, id, place.webhookId, type, body, now, until, holder],
    );
    const [claimed] = await tx.query<ClaimedDelivery>('delivery_claimed', `SELECT ${CLAIMED} FROM settings.webhook_delivery d JOIN settings.webhook w ON w.id = d.webhook_id WHERE d.id = $1`, [id]);
    return claimed as ClaimedDelivery;
  }

  /** Stores what came of a try, unless somebody else has taken the delivery over. Answers since when nothing has been delivered to its webhook, Unix milliseconds. */
  async finish(delivery: ClaimedDelivery, { state, nextTryAt, status, error }: AfterTry, holder: string, now: Date): Promise<number> {
    return this.database.withTenant(delivery.tenantId, async (tx) => {
      // The webhook before its deliveries, as whoever switches it off does: so two never wait for each other in a circle.
      const [failing] = await Promise.all([
        error === ''
          ? tx.query<{ since: Date }>('webhook_well', 'UPDATE settings.webhook SET failing_since = NULL WHERE id = $1 AND failing_since IS NOT NULL', [delivery.webhookId])
          : tx.query<{ since: Date }>('webhook_failing', 'UPDATE settings.webhook SET failing_since = coalesce(failing_since, $2) WHERE id = $1 RETURNING failing_since AS since', [delivery.webhookId, now]),
        tx.query(
          'delivery_finish',
          `UPDATE settings.webhook_delivery SET state = $3, last_status = $4, last_error = $5, next_try_at = $6, finished_at = $7, holder = NULL WHERE id = $1 AND holder = $2`,
          [delivery.id, holder, state, status, error, nextTryAt === undefined ? null : new Date(nextTryAt), state === pending ? null : now],
        ),
      ]);
      return failing[0]?.since.getTime() ?? now.getTime();
    });
  }

  /** A try that was broken off, as if it had not begun: whoever comes next makes it. */
  async release({ tenantId, id }: ClaimedDelivery, holder: string, now: Date): Promise<void> {
    await this.database.withTenant(tenantId, (tx) =>
      tx.query('delivery_release', `UPDATE settings.webhook_delivery SET tries = tries - 1, next_try_at = $3, holder = NULL WHERE id = $1 AND holder = $2 AND state = ${pending}`, [id, holder, now]));
  }

  /** Gives up all that waits for a webhook; it may be replayed. */
  async giveUp(tx: Tx, webhookId: string, why: string, now: Date): Promise<void> {
    await tx.query(
      'delivery_give_up',
      `UPDATE settings.webhook_delivery SET state = ${failed}, last_error = $2, next_try_at = NULL, holder = NULL, finished_at = $3 WHERE webhook_id = $1 AND state = ${pending}`,
      [webhookId, why, now],
    );
  }

  /** Deletes what is older than 30 days, of every tenant. Answers how many. */
  prune(): Promise<number> {
    return deleteExpired(this.database, 'settings', 'webhook_delivery');
  }
}

function recordStatement(events: readonly RecordedEvent[], now: Date): Statement {
  return {
    name: 'delivery_record',
    text: `INSERT INTO settings.webhook_delivery (tenant_id, id, webhook_id, event_id, type, body, state, tries, last_status, last_error, created_at, next_try_at, expires_at)
           SELECT w.tenant_id, gen_random_uuid(), w.id, e.id, e.type, e.body, ${pending}, 0, 0, '', $4::timestamptz, $4::timestamptz, $4::timestamptz + interval '${KEPT_DAYS} days'
             FROM unnest($1::text[], $2::text[], $3::text[]) AS e (id, type, body) JOIN settings.webhook w ON w.is_enabled AND (w.types = '{}' OR e.type = ANY (w.types))
           ON CONFLICT (tenant_id, webhook_id, event_id) DO NOTHING RETURNING id`,
    values: [events.map(({ id }) => id), events.map(({ type }) => type), events.map(({ body }) => body), now],
  };
}
