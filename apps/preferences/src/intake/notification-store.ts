import { Injectable } from '@nestjs/common';
import { Problem, type Decision } from '@carillon/contracts';
import { batched, insertRows } from '@carillon/persistence';
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

/** Keeps one notification per event and recipient, with its decision. */
@Injectable()
export class NotificationStore {
  /**
   * Records a notification and answers with the deliveries that hold: the first decision stands, because a repetition that
   * decided anew (say, after a change of address) would send a second time.
   */
  readonly record = batched<NewNotification, PlannedDelivery[]>((notifications) => this.recordMany(notifications));

  constructor(private readonly db: DataSource) {}

  /** @throws Problem 404 */
  async decision(tenant: string, id: string): Promise<Decision> {
    const [row] = await this.db.query(
      `SELECT id AS notification_id, event_id, event_type, event_source, recipient, type, category, priority, created_at, channels
       FROM notifications WHERE tenant = $1 AND id = $2`,
      [tenant, id],
    );
    if (!row) throw Problem.notFound('notification', id);
    return { ...row, created_at: row.created_at.toISOString() };
  }

  private async recordMany(notifications: readonly NewNotification[]): Promise<PlannedDelivery[][]> {
    const distinct = new Map(notifications.map((notification) => [notification.id, notification]));
    const inserted = await insertRows<{ id: string }>(this.db, 'notifications', [...distinct.values()], {
      onConflict: 'DO NOTHING',
      returning: 'id',
    });
    const deliveries = new Map(inserted.map(({ id }) => [id, distinct.get(id)!.deliveries]));
    const repeated = [...distinct.values()].filter(({ id }) => !deliveries.has(id));
    if (repeated.length > 0) {
      const rows: { id: string; deliveries: PlannedDelivery[] }[] = await this.db.query(
        `SELECT id, deliveries FROM notifications
         WHERE (tenant, id) IN (SELECT * FROM unnest($1::text[], $2::uuid[]))`,
        [repeated.map(({ tenant }) => tenant), repeated.map(({ id }) => id)],
      );
      for (const row of rows) deliveries.set(row.id, row.deliveries);
    }
    return notifications.map(({ id }) => deliveries.get(id)!);
  }
}
