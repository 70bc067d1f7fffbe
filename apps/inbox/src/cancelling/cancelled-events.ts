import type { EventCancelled } from '@carillon/contracts';
import { rememberCancelled, type SqlRunner } from '@carillon/persistence';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { NewRow } from '../storing/stored.ts';

/** The events that were cancelled. What is in an inbox already has been delivered and stays; what still comes is turned away. */
@Injectable()
export class CancelledEvents {
  constructor(private readonly db: DataSource) {}

  async remember(tenant: string, { event_id, cancelled_at }: EventCancelled): Promise<void> {
    await this.db.query(rememberCancelled, [tenant, event_id, cancelled_at]);
  }

  /** How many notifications of an event were turned away. One that the broker delivers twice counts twice. */
  async refused(tenant: string, event: string): Promise<number> {
    const [row]: [{ refused: number }?] = await this.db.query(
      'SELECT refused FROM cancelled_events WHERE tenant = $1 AND event_id = $2',
      [tenant, event],
    );
    return row?.refused ?? 0;
  }
}

/** Which of the events of these rows were cancelled. */
export async function cancelledAmong(
  db: SqlRunner,
  rows: readonly Pick<NewRow, 'tenant' | 'event_id'>[],
): Promise<(row: Pick<NewRow, 'tenant' | 'event_id'>) => boolean> {
  const known = rows.filter(({ event_id }) => event_id !== undefined);
  if (known.length === 0) return () => false;
  const found: { tenant: string; event_id: string }[] = await db.query(
    `SELECT tenant, event_id FROM cancelled_events
      WHERE (tenant, event_id) IN (SELECT * FROM unnest($1::text[], $2::uuid[]))`,
    [known.map(({ tenant }) => tenant), known.map(({ event_id }) => event_id)],
  );
  const keys = new Set(found.map(({ tenant, event_id }) => `${tenant} ${event_id}`));
  return ({ tenant, event_id }) => keys.has(`${tenant} ${event_id}`);
}

/** Counts notifications that were not stored, where that was because of a cancelled event. */
export async function countRefused(db: SqlRunner, rows: readonly Pick<NewRow, 'tenant' | 'event_id'>[]): Promise<void> {
  if (rows.length === 0) return;
  await db.query(
    `UPDATE cancelled_events c SET refused = refused + came.count
       FROM (SELECT tenant, event_id, count(*) FROM json_to_recordset($1) AS item(tenant text, event_id uuid) GROUP BY 1, 2) AS came
      WHERE c.tenant = came.tenant AND c.event_id = came.event_id`,
    [JSON.stringify(rows.map(({ tenant, event_id }) => ({ tenant, event_id })))],
  );
}
