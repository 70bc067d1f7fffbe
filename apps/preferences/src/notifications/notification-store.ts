import { Injectable } from '@nestjs/common';
import { Problem, type Decision } from '@carillon/contracts';
import { Poison } from '@carillon/messaging';
import { batched, insertRows, notErased, prepared, type SqlRunner } from '@carillon/persistence';
import { DataSource } from 'typeorm';
import type { DecisionResult, PlannedDelivery } from '../decisions/decide.ts';

export interface NewNotification {
  tenant: string;
  recipient: string;
  id: string;
  event_id: string;
  event_type: string;
  event_source: string;
  type: string;
  category: string;
  priority: string;
  /** RFC 3339 */
  created_at: string;
  channels: DecisionResult['channels'];
  deliveries: PlannedDelivery[];
}

/** What differs between the notifications of a chunk. */
type OwnOfChunk = 'recipient' | 'id' | keyof DecisionResult;

/** New rulings for channels that waited until a certain time. */
export interface Conclusion extends DecisionResult {
  tenant: string;
  id: string;
  /** What they were ruled: to be deferred, or to wait for others. */
  was: 'defer' | 'digest' | 'batch';
  /** RFC 3339 */
  until: string;
}

/**
 * Keeps one notification per event and recipient, with its decision. Both writes answer with the decision that holds: the first
 * one stands, because a repetition that decided anew (say, after a change of address) would send a second time.
 */
@Injectable()
export class NotificationStore {
  /** Records a notification; undefined when its recipient was erased since. */
  readonly record = batched<NewNotification, DecisionResult | undefined>(async (notifications) => {
    const distinct = new Map(notifications.map((notification) => [notification.id, notification]));
    const inserted = await insertRows<{ id: string }>(this.hot, 'notifications', [...distinct.values()], {
      where: notErased('item'),
      onConflict: 'DO NOTHING',
      returning: 'id',
    });
    const fresh = new Map<string, DecisionResult>(inserted.map(({ id }) => [id, distinct.get(id)!]));
    const known = await this.standing([...distinct.values()].filter(({ id }) => !fresh.has(id)));
    return notifications.map(({ id }) => fresh.get(id) ?? known.get(id));
  });

  /**
   * Records the notifications of one chunk, which have all but recipient, id and decision in common. Answers in their order.
   * Rulings are mostly the same too, so that most rows say nothing but whom and where.
   */
  async recordChunk(
    shared: Omit<NewNotification, OwnOfChunk>,
    notifications: readonly Pick<NewNotification, OwnOfChunk>[],
  ): Promise<(DecisionResult | undefined)[]> {
    const standing = new Map<string, DecisionResult>();
    const insert = async (group: typeof notifications, common: object, rows: readonly object[]): Promise<void> => {
      const inserted = await insertRows<{ id: string }>(this.hot, 'notifications', rows, {
        shared: common,
        where: notErased('item'),
        onConflict: 'DO NOTHING',
        returning: 'id',
      });
      const fresh = new Set(inserted.map(({ id }) => id));
      for (const notification of group) if (fresh.has(notification.id)) standing.set(notification.id, notification);
    };
    const { most, others } = byRulings(notifications);
    const alike = most.map(({ recipient, id, deliveries }) => ({ recipient, id, deliveries }));
    await insert(most, { ...shared, channels: most[0]?.channels }, alike);
    await insert(others, shared, others);
    const { tenant } = shared;
    const rest = notifications.filter(({ id }) => !standing.has(id)).map(({ id }) => ({ tenant, id }));
    const known = await this.standing(rest);
    return notifications.map(({ id }) => standing.get(id) ?? known.get(id));
  }

  /** Replaces the rulings of channels that still wait until the given time. */
  readonly conclude = batched<Conclusion, DecisionResult>(async (conclusions) => {
    await this.hot.query(
      `UPDATE notifications n
       SET channels = (
             SELECT jsonb_agg(coalesce(new.ruling, old.ruling) ORDER BY old.position)
             FROM jsonb_array_elements(n.channels) WITH ORDINALITY AS old(ruling, position)
             LEFT JOIN jsonb_array_elements(item.channels) AS new(ruling)
               ON old.ruling->>'until' = item.until AND old.ruling->>'outcome' = item.was
                 AND new.ruling->>'channel' = old.ruling->>'channel'),
           deliveries = n.deliveries || item.deliveries
       FROM json_to_recordset($1) AS item(tenant text, id uuid, was text, until text, channels jsonb, deliveries jsonb)
       WHERE n.tenant = item.tenant AND n.id = item.id
         AND n.channels @> jsonb_build_array(jsonb_build_object('outcome', item.was, 'until', item.until))`,
      [JSON.stringify(conclusions)],
    );
    const standing = await this.standing(conclusions);
    return conclusions.map(({ id }) => standing.get(id) ?? new Poison(`there is no notification ${id} that waited`));
  });

  private readonly hot: SqlRunner;

  constructor(private readonly db: DataSource) {
    this.hot = prepared(db);
  }

  /** @throws Problem 404 */
  async decision(tenant: string, id: string): Promise<Decision> {
    const [row] = await this.db.query(
      `SELECT id AS notification_id, event_id, event_type, event_source, recipient, type, category, priority, created_at, channels,
              (SELECT cancelled_at FROM events e WHERE e.tenant = n.tenant AND e.id = n.event_id)
       FROM notifications n WHERE tenant = $1 AND id = $2`,
      [tenant, id],
    );
    if (!row) throw Problem.notFound('notification', id);
    const { created_at, cancelled_at, ...rest } = row;
    return { ...rest, created_at: created_at.toISOString(), cancelled_at: cancelled_at?.toISOString() ?? null };
  }

  private async standing(keys: readonly { tenant: string; id: string }[]): Promise<Map<string, DecisionResult>> {
    if (keys.length === 0) return new Map();
    const rows: ({ id: string } & DecisionResult)[] = await this.hot.query(
      `SELECT id, channels, deliveries FROM notifications
       WHERE (tenant, id) IN (SELECT * FROM unnest($1::text[], $2::uuid[]))`,
      [keys.map(({ tenant }) => tenant), keys.map(({ id }) => id)],
    );
    return new Map(rows.map(({ id, ...decision }) => [id, decision]));
  }
}

/** The largest group with the very same rulings, and the others: two statements, whatever people chose. */
function byRulings<T extends DecisionResult>(notifications: readonly T[]): { most: T[]; others: T[] } {
  const groups = [...Map.groupBy(notifications, ({ channels }) => JSON.stringify(channels)).values()];
  const most = groups.reduce((one, other) => (other.length > one.length ? other : one), []);
  return { most, others: groups.filter((group) => group !== most).flat() };
}
