import { Injectable } from '@nestjs/common';
import type { Tx } from '@nexus/postgres';
import { deliveryStates } from '../domain/delivery.js';

/** A delivery as its tenant sees it. */
export interface StoredDelivery {
  readonly id: string;
  readonly webhookId: string;
  readonly webhookName: string;
  readonly eventId: string;
  readonly type: string;
  readonly state: number;
  readonly tries: number;
  readonly lastStatus: number;
  readonly lastError: string;
  readonly createdAt: Date;
  readonly nextTryAt: Date | null;
  readonly finishedAt: Date | null;
}

/** Which deliveries are meant: undefined is every one. */
export interface DeliverySelection {
  readonly webhookId: string | undefined;
  readonly state: number | undefined;
  /** The last one of the page before. */
  readonly after: string | undefined;
  readonly limit: number;
}

const COLUMNS = `d.id, d.webhook_id AS "webhookId", w.name AS "webhookName", d.event_id AS "eventId", d.type, d.state, d.tries, d.last_status AS "lastStatus",
  d.last_error AS "lastError", d.created_at AS "createdAt", d.next_try_at AS "nextTryAt", d.finished_at AS "finishedAt"`;
const FROM = 'settings.webhook_delivery d JOIN settings.webhook w ON w.id = d.webhook_id';
const { pending, failed } = deliveryStates;
const AGAIN = `state = ${pending}, tries = 0, next_try_at = $2::timestamptz, holder = NULL, finished_at = NULL, expires_at = $2::timestamptz + interval '30 days'`;

/** What a tenant sees of its deliveries, and does about them. */
@Injectable()
export class DeliveryDeskRepository {
  /** Newest first. */
  list(tx: Tx, { webhookId, state, after, limit }: DeliverySelection): Promise<StoredDelivery[]> {
    return tx.query<StoredDelivery>(
      'delivery_list',
      `SELECT ${COLUMNS} FROM ${FROM}
        WHERE ($1::uuid IS NULL OR d.webhook_id = $1::uuid) AND ($2::smallint IS NULL OR d.state = $2::smallint)
          AND ($3::uuid IS NULL OR (d.created_at, d.id) < (SELECT a.created_at, a.id FROM settings.webhook_delivery a WHERE a.id = $3::uuid))
        ORDER BY d.created_at DESC, d.id DESC LIMIT $4`,
      [webhookId ?? null, state ?? null, after ?? null, limit],
    );
  }

  async get(tx: Tx, id: string): Promise<StoredDelivery | undefined> {
    const [delivery] = await tx.query<StoredDelivery>('delivery_get', `SELECT ${COLUMNS} FROM ${FROM} WHERE d.id = $1`, [id]);
    return delivery;
  }

  /** Lets a delivery be tried again from the beginning; false when somebody tries it at this moment. */
  async replay(tx: Tx, id: string, now: Date): Promise<boolean> {
    const replayed = await tx.query('delivery_replay', `UPDATE settings.webhook_delivery SET ${AGAIN} WHERE id = $1 AND (holder IS NULL OR next_try_at <= $2::timestamptz) RETURNING id`, [id, now]);
    return replayed.length > 0;
  }

  /** The same for all of a webhook that failed. Answers how many. */
  async replayFailed(tx: Tx, webhookId: string, now: Date): Promise<number> {
    const replayed = await tx.query('delivery_replay_failed', `UPDATE settings.webhook_delivery SET ${AGAIN} WHERE webhook_id = $1 AND state = ${failed} RETURNING id`, [webhookId, now]);
    return replayed.length;
  }
}
