import type { CloudEvent } from '@carillon/contracts';
import { batched, prepared, type SqlRunner } from '@carillon/persistence';
import type { DataSource } from 'typeorm';

/** A tenant's events that wait. */
export interface Queue {
  tenant: string;
  /** Tells it from one that the tenant had before. */
  opened_at: string;
  events: number;
  bytes: number;
  seconds: number;
}

/** An event as it is kept. */
export interface Kept {
  tenant: string;
  id: string;
  /** The CloudEvent as JSON. */
  text: string;
}

/** An event that waits. */
export interface Waiting {
  place: string;
  event: CloudEvent;
}

/** How long a replica may take for the next batch of a tenant: longer than the broker's confirms may (10 s). */
const leaseSeconds = 20;

/** The outbox's tables. Places are given under no lock: between requests that did not wait for each other there is no order. */
export class OutboxStore {
  private readonly hot: SqlRunner;

  /**
   * Puts an event into its tenant's queue; one that is there already stays where it is.
   * @returns which queue that is
   */
  readonly put = batched<Kept, string>(async (events) => {
    // Calls of one tenant's requests share a statement, so there is one tenant.
    const { tenant } = events[0]!;
    const [{ opened_at }] = await this.hot.query(
      `WITH stored AS (
         INSERT INTO outbox_events (tenant, event_id, event, bytes)
         SELECT $1, item.id, item.event, octet_length(item.event)
         FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS item(id, event, place) ORDER BY item.place
         ON CONFLICT (tenant, event_id) DO NOTHING
         RETURNING bytes)
       INSERT INTO outbox_queues AS queue (tenant, events, bytes)
       SELECT $1, count(*), coalesce(sum(bytes), 0) FROM stored
       ON CONFLICT (tenant) DO UPDATE SET events = queue.events + excluded.events, bytes = queue.bytes + excluded.bytes
       RETURNING opened_at::text`,
      [tenant, events.map(({ id }) => id), events.map(({ text }) => text)],
    );
    return events.map(() => opened_at as string);
  });

  constructor(db: DataSource) {
    this.hot = prepared(db);
  }

  /** All queues, as of now. */
  async queues(): Promise<Queue[]> {
    return this.hot.query(
      `SELECT tenant, opened_at::text, events::int, bytes::float8,
         extract(epoch FROM clock_timestamp() - opened_at)::float8 AS seconds FROM outbox_queues`,
    );
  }

  /** Takes the tenant whose turn it is for this replica. @returns undefined when all are taken, or there is none */
  async take(owner: string): Promise<string | undefined> {
    const [row] = await this.hot.query(
      `UPDATE outbox_queues
       SET owner = $1, leased_until = clock_timestamp() + $2 * interval '1 second', turn_at = clock_timestamp()
       WHERE tenant = (SELECT tenant FROM outbox_queues WHERE leased_until <= clock_timestamp()
                       ORDER BY turn_at, opened_at LIMIT 1 FOR UPDATE SKIP LOCKED)
       RETURNING tenant`,
      [owner, leaseSeconds],
    );
    return row?.tenant;
  }

  /** The next events of a tenant, at most so many, and no more than the first that exceed so many bytes together. */
  async next(tenant: string, events: number, bytes: number): Promise<Waiting[]> {
    const rows: { place: string; event: string }[] = await this.hot.query(
      `SELECT place::text, event FROM (
         SELECT place, event, sum(bytes) OVER (ORDER BY place) - bytes AS before
         FROM (SELECT place, event, bytes FROM outbox_events WHERE tenant = $1 ORDER BY place LIMIT $2) AS ahead) AS ahead
       WHERE before < $3 ORDER BY ahead.place`,
      [tenant, events, bytes],
    );
    return rows.map(({ place, event }) => ({ place, event: JSON.parse(event) as CloudEvent }));
  }

  /**
   * They are published.
   * @returns false when the tenant is another replica's by now, which publishes them again; their ids are the same
   */
  async remove(tenant: string, owner: string, places: readonly string[]): Promise<boolean> {
    const rows = await this.hot.query(
      `WITH mine AS (SELECT tenant FROM outbox_queues WHERE tenant = $1 AND owner = $2 FOR UPDATE),
       gone AS (DELETE FROM outbox_events event USING mine
                WHERE event.tenant = mine.tenant AND event.place = ANY($3::bigint[]) RETURNING bytes)
       UPDATE outbox_queues queue
       SET events = queue.events - (SELECT count(*) FROM gone),
           bytes = queue.bytes - (SELECT coalesce(sum(bytes), 0) FROM gone),
           leased_until = clock_timestamp() + $4 * interval '1 second'
       FROM mine WHERE queue.tenant = mine.tenant RETURNING queue.tenant`,
      [tenant, owner, places, leaseSeconds],
    );
    return rows.length > 0;
  }

  /** Lets go of a tenant; a queue that is empty is closed. */
  async release(tenant: string, owner: string): Promise<void> {
    await this.hot.query('DELETE FROM outbox_queues WHERE tenant = $1 AND owner = $2 AND events <= 0', [tenant, owner]);
    await this.hot.query(
      `UPDATE outbox_queues SET owner = NULL, leased_until = '-infinity' WHERE tenant = $1 AND owner = $2`,
      [tenant, owner],
    );
  }

  /**
   * Rewrites a tenant's events.
   * @param change what is left of one: the same object where nothing changes, undefined where nothing is left
   */
  async rewrite(
    tenant: string,
    mentioning: string,
    change: (event: CloudEvent) => CloudEvent | undefined,
  ): Promise<void> {
    const rows: { place: string; event: string }[] = await this.hot.query(
      'SELECT place::text, event FROM outbox_events WHERE tenant = $1 AND strpos(event, $2) > 0',
      [tenant, JSON.stringify(mentioning)],
    );
    const changed = rows.flatMap(({ place, event }) => {
      const before = JSON.parse(event) as CloudEvent;
      const after = change(before);
      return after === before ? [] : [{ place, event: after && JSON.stringify(after) }];
    });
    if (changed.length === 0) return;
    await this.hot.query(
      `WITH queue AS (SELECT tenant FROM outbox_queues WHERE tenant = $1 FOR UPDATE),
       change AS (SELECT * FROM json_to_recordset($2) AS change(place bigint, event text)),
       gone AS (DELETE FROM outbox_events event USING queue, change
                WHERE event.tenant = queue.tenant AND event.place = change.place AND change.event IS NULL
                RETURNING event.bytes),
       rewritten AS (UPDATE outbox_events event SET event = change.event FROM queue, change
                     WHERE event.tenant = queue.tenant AND event.place = change.place AND change.event IS NOT NULL)
       UPDATE outbox_queues SET events = events - (SELECT count(*) FROM gone),
         bytes = outbox_queues.bytes - (SELECT coalesce(sum(bytes), 0) FROM gone)
       WHERE tenant = $1`,
      [tenant, JSON.stringify(changed)],
    );
  }
}
