import type { EngagedBy, TemplateRef } from '@carillon/contracts';
import { batched } from '@carillon/persistence';
import type { DataSource } from 'typeorm';
import { engagedBy, withHappenings, type Engaged, type Happening } from './engagement.ts';

/** An open or a click as it comes in. */
export interface NewHappening extends Happening {
  readonly tenant: string;
  readonly delivery_id: string;
}

/** What is told of it. */
export interface EngagementFact {
  readonly notification_id: string;
  readonly recipient: string;
  readonly type: string;
  readonly category: string;
  readonly template: TemplateRef;
  readonly traceparent: string | null;
  /** Who it was after all. */
  readonly by: EngagedBy;
}

interface Row extends Omit<EngagementFact, 'by'>, Pick<Engaged, 'engagement'> {
  readonly tenant: string;
  readonly id: string;
  readonly sent_at: Date;
  readonly opened_at: Date | null;
  readonly clicked_at: Date | null;
}

/** Opens and clicks of deliveries. Those that are there together share their statements. */
export class EngagementStore {
  constructor(private readonly db: DataSource) {}

  /** Keeps it with its delivery. @returns undefined where the delivery is not there (any more) */
  readonly record = batched<NewHappening, EngagementFact | undefined>((all) => this.recordAll(all), { max: 200 });

  private async recordAll(all: readonly NewHappening[]): Promise<(EngagementFact | undefined)[]> {
    const byDelivery = Map.groupBy(all, ({ tenant, delivery_id }) => `${tenant} ${delivery_id}`);
    const rows = await this.db.transaction(async (db) => {
      // Locked in the order of their keys, so that two replicas never wait for each other.
      const rows: Row[] = await db.query(
        `SELECT d.tenant, d.id, d.notification_id, d.recipient, d.type, d.category, d.template, d.traceparent,
           coalesce(d.sent_at, d.created_at) AS sent_at, d.opened_at, d.clicked_at, d.engagement
         FROM deliveries d
         JOIN (SELECT DISTINCT tenant, delivery_id FROM json_to_recordset($1) AS i(tenant text, delivery_id uuid)) item
           ON d.tenant = item.tenant AND d.id = item.delivery_id
         ORDER BY d.tenant, d.id FOR UPDATE OF d`,
        [JSON.stringify(all)],
      );
      const changed = rows.map((row) => {
        const { tenant, id, engagement, opened_at, clicked_at, sent_at } = row;
        const before = { engagement, opened_at: iso(opened_at), clicked_at: iso(clicked_at) };
        return { tenant, id, ...withHappenings(before, happeningsOf(byDelivery, row), sent_at.getTime()) };
      });
      await db.query(
        `UPDATE deliveries d
         SET engagement = item.engagement, opened_at = item.opened_at, clicked_at = item.clicked_at
         FROM json_to_recordset($1)
           AS item(tenant text, id uuid, engagement jsonb, opened_at timestamptz, clicked_at timestamptz)
         WHERE d.tenant = item.tenant AND d.id = item.id`,
        [JSON.stringify(changed)],
      );
      return rows;
    });
    const found = new Map(rows.map((row) => [`${row.tenant} ${row.id}`, row]));
    return all.map((happening) => {
      const row = found.get(`${happening.tenant} ${happening.delivery_id}`);
      if (!row) return undefined;
      const { notification_id, recipient, type, category, template, traceparent, sent_at } = row;
      const by = engagedBy(happening, sent_at.getTime());
      return { notification_id, recipient, type, category, template, traceparent, by };
    });
  }
}

function happeningsOf(byDelivery: Map<string, NewHappening[]>, { tenant, id }: Row): Happening[] {
  return byDelivery.get(`${tenant} ${id}`)!.map(({ tenant: _, delivery_id: __, ...happening }) => happening);
}

function iso(time: Date | null): string | null {
  return time?.toISOString() ?? null;
}
