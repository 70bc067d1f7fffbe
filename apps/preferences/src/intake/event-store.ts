import { Injectable } from '@nestjs/common';
import { eventId, firstIdAt, Problem, timeOfId, type EventProgress } from '@carillon/contracts';
import { batched, insertRows, prepared, type SqlRunner } from '@carillon/persistence';
import { DataSource } from 'typeorm';
import type { IncomingEvent } from './read-event.ts';

export interface EventRecord {
  id: string;
  /** `cancelled`: nothing more is to be done with it. */
  status: 'scheduled' | 'decided' | 'cancelled';
}

interface NewEvent {
  event: IncomingEvent;
  /** Catalog keys that it means. */
  types: string[];
  /** Catalog keys that it could have meant, but whose `when` did not hold. */
  skipped: string[];
  status: 'scheduled' | 'decided';
}

/** Records each event once; the first record's time counts, so that a repetition computes the same ids. */
@Injectable()
export class EventStore {
  readonly record = batched<NewEvent, EventRecord>((events) => this.recordMany(events));

  /** A timer brought the event back: it is decided now. */
  readonly markDecided = batched<{ tenant: string; id: string }, void>(async (events) => {
    await this.hot.query(
      `UPDATE events SET status = 'decided'
       WHERE (tenant, id) IN (SELECT * FROM unnest($1::text[], $2::uuid[])) AND status = 'scheduled'`,
      [events.map(({ tenant }) => tenant), events.map(({ id }) => id)],
    );
    return events.map(() => undefined);
  });

  /** Whether somebody has cancelled it since. */
  readonly isCancelled = batched<{ tenant: string; id: string }, boolean>(async (events) => {
    const rows: { tenant: string; id: string }[] = await this.hot.query(
      `SELECT tenant, id FROM events
       WHERE (tenant, id) IN (SELECT * FROM unnest($1::text[], $2::uuid[])) AND status = 'cancelled'`,
      [events.map(({ tenant }) => tenant), events.map(({ id }) => id)],
    );
    const cancelled = new Set(rows.map(({ tenant, id }) => `${tenant} ${id}`));
    return events.map(({ tenant, id }) => cancelled.has(`${tenant} ${id}`));
  });

  private readonly hot: SqlRunner;

  constructor(private readonly db: DataSource) {
    this.hot = prepared(db);
  }

  /**
   * Marks an event as cancelled, for good; the first time counts.
   * @returns when it was (RFC 3339); undefined for an event that is not known
   */
  async cancel(tenant: string, id: string, by: string): Promise<string | undefined> {
    const [[row]]: [{ cancelled_at: Date }[], number] = await this.db.query(
      `UPDATE events SET status = 'cancelled', cancelled_at = coalesce(cancelled_at, now()), cancelled_by = coalesce(cancelled_by, $3)
       WHERE tenant = $1 AND id = $2 RETURNING cancelled_at`,
      [tenant, id, by],
    );
    return row?.cancelled_at.toISOString();
  }

  /** @throws Problem 404 */
  async progress(tenant: string, id: string): Promise<EventProgress> {
    const [event] = await this.db.query(
      `SELECT id, type, source, deduplicated, send_at, first_at, skipped, cancelled_at, cancelled_by,
              CASE WHEN status <> 'cancelled' AND EXISTS (SELECT FROM fan_outs f WHERE f.tenant = e.tenant AND f.event_id = e.id AND f.finished_at IS NULL)
                   THEN 'fanning_out' ELSE status END AS status,
              (SELECT string_agg(f.error, '; ') FROM fan_outs f WHERE f.tenant = e.tenant AND f.event_id = e.id) AS error,
              (SELECT count(*)::int FROM notifications n
               WHERE n.tenant = e.tenant AND n.event_id = e.id AND n.id >= $3 AND n.id < $4) AS notifications,
              (SELECT coalesce(json_object_agg(channel, count), '{}') FROM (
                 SELECT delivery->>'channel' AS channel, count(*)::int AS count
                 FROM notifications n, jsonb_array_elements(n.deliveries) AS delivery
                 WHERE n.tenant = e.tenant AND n.event_id = e.id AND n.id >= $3 AND n.id < $4
                 GROUP BY 1) AS by_channel) AS deliveries
       FROM events e WHERE tenant = $1 AND id = $2`,
      // Notifications begin with their event's time, which tells PostgreSQL which partition they are in.
      [tenant, id, firstIdAt(timeOfId(id)), firstIdAt(timeOfId(id) + 1)],
    );
    if (!event) throw Problem.notFound('event', id);
    const { first_at, send_at, cancelled_at, ...rest } = event;
    return {
      ...rest,
      send_at: send_at?.toISOString() ?? null,
      cancelled_at: cancelled_at?.toISOString() ?? null,
      created_at: first_at.toISOString(),
    };
  }

  private async recordMany(events: readonly NewEvent[]): Promise<EventRecord[]> {
    // The same event may stand in a batch twice; one statement must not meet its own row.
    const distinct = new Map(events.map((entry) => [identity(entry.event), entry]));
    const idOf = ({ at, tenant, source, cloudEventId }: IncomingEvent) => eventId(at, tenant, source, cloudEventId);
    const rows = [...distinct.values()].map(({ event, types, skipped, status }) => ({
      tenant: event.tenant,
      id: idOf(event),
      source: event.source,
      cloud_event_id: event.cloudEventId,
      // One that means several types keeps the domain's own word.
      type: types.length === 1 ? types[0] : event.request.type,
      skipped,
      first_at: new Date(event.at).toISOString(),
      status,
      send_at: event.request.send_at ?? null,
      deduplicated: event.deduplicated,
    }));
    const inserted = await insertRows<{ id: string }>(this.hot, 'events', rows, {
      onConflict: 'DO NOTHING',
      returning: 'id',
    });
    const fresh = new Set(inserted.map(({ id }) => id));
    const records = new Map<string, EventRecord>();
    const repeated: IncomingEvent[] = [];
    [...distinct].forEach(([key, { event, status }], index) => {
      const { id } = rows[index]!;
      if (fresh.has(id)) records.set(key, { id, status });
      else repeated.push(event);
    });
    for (const row of repeated.length > 0 ? await this.findMany(repeated) : []) {
      const key = identity({ tenant: row.tenant, source: row.source, cloudEventId: row.cloud_event_id });
      records.set(key, { id: row.id, status: row.status });
    }
    return events.map(({ event }) => records.get(identity(event))!);
  }

  private findMany(
    events: readonly IncomingEvent[],
  ): Promise<{ id: string; tenant: string; source: string; cloud_event_id: string; status: EventRecord['status'] }[]> {
    return this.hot.query(
      `SELECT id, tenant, source, cloud_event_id, status FROM events
       WHERE (tenant, source, cloud_event_id) IN (SELECT * FROM unnest($1::text[], $2::text[], $3::text[]))`,
      [
        events.map(({ tenant }) => tenant),
        events.map(({ source }) => source),
        events.map(({ cloudEventId }) => cloudEventId),
      ],
    );
  }
}

function identity({ tenant, source, cloudEventId }: Pick<IncomingEvent, 'tenant' | 'source' | 'cloudEventId'>): string {
  return `${tenant}\n${source}\n${cloudEventId}`;
}
