import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Audience } from '@carillon/contracts';
import { batched, insertRows, outlast, prepared, type SqlRunner } from '@carillon/persistence';
import { DataSource } from 'typeorm';
import type { DecidedEvent } from '../notifications/planning.ts';

/**
 * How long a claim lasts. A chunk takes well under a second; one that takes longer than this is done twice, under the same ids.
 */
const leaseSeconds = 10;

/** An event on its way to an audience under one notification type. */
export interface NewFanOut {
  event: DecidedEvent;
  type: string;
  audience: Audience;
}

/** One that this replica may continue until its claim lapses. */
export interface ClaimedFanOut extends NewFanOut {
  claim: string;
  /** The last recipient who was notified; empty at the beginning. */
  cursor: string;
}

/** The table `fan_outs`: what is still to be done is in the database alone, so that whoever comes next continues. */
@Injectable()
export class FanOutStore {
  /** Records a fan-out; a repetition changes nothing, and nothing begins for an event that was cancelled. */
  readonly begin = batched<NewFanOut, void>(async (begun) => {
    const rows = begun.map(({ event: { tenant, id, ...event }, type, audience }) => ({
      tenant,
      event_id: id,
      type,
      event,
      audience,
      cursor: '',
      begun_at: new Date().toISOString(),
    }));
    await insertRows(this.hot, 'fan_outs', rows, {
      where: `NOT EXISTS (SELECT FROM events e WHERE e.tenant = item.tenant AND e.id = item.event_id AND e.status = 'cancelled')`,
      onConflict: 'DO NOTHING',
    });
    return begun.map(() => undefined);
  });

  private readonly hot: SqlRunner;

  constructor(private readonly db: DataSource) {
    this.hot = prepared(db);
  }

  /** Claims the oldest fan-out of the active tenant whose turn is the longest ago, and gives that tenant its turn. */
  async claim(): Promise<ClaimedFanOut | undefined> {
    const [row] = await this.hot.query(
      `WITH next AS (
         SELECT f.tenant, f.event_id, f.type FROM fan_outs f LEFT JOIN fan_out_turns t USING (tenant)
         WHERE f.finished_at IS NULL AND (f.claimed_until IS NULL OR f.claimed_until < now())
           AND NOT EXISTS (SELECT FROM tenant_standings s WHERE s.tenant = f.tenant)
         ORDER BY t.served_at NULLS FIRST, f.tenant, f.event_id
         LIMIT 1 FOR UPDATE OF f SKIP LOCKED
       ), turn AS (
         INSERT INTO fan_out_turns (tenant, served_at) SELECT tenant, clock_timestamp() FROM next
         ON CONFLICT (tenant) DO UPDATE SET served_at = excluded.served_at
       )
       UPDATE fan_outs f SET claim = $1, claimed_until = now() + make_interval(secs => $2)
       FROM next WHERE (f.tenant, f.event_id, f.type) = (next.tenant, next.event_id, next.type)
       RETURNING f.tenant, f.event_id, f.type, f.event, f.audience, f.cursor, f.claim`,
      [randomUUID(), leaseSeconds],
    );
    if (!row) return undefined;
    const { tenant, event_id: id, event, ...rest } = row;
    return { ...rest, event: { tenant, id, ...event } };
  }

  /** The chunk that ends with this recipient is done; without one it was the last. Frees the fan-out for the next turn. */
  async advance({ event, type, claim }: ClaimedFanOut, cursor: string | undefined): Promise<void> {
    await this.hot.query(
      `UPDATE fan_outs SET cursor = coalesce($5, cursor), claim = NULL, claimed_until = NULL, error = NULL,
              finished_at = CASE WHEN $5::text IS NULL THEN now() END
       WHERE tenant = $1 AND event_id = $2 AND type = $3 AND claim = $4`,
      [event.tenant, event.id, type, claim, cursor ?? null],
    );
  }

  /**
   * Stops the fan-outs of an event that is marked as cancelled. Whoever has a turn at one finds that its claim is gone.
   * @returns how many were stopped, ever
   */
  async stop(tenant: string, eventId: string): Promise<number> {
    // One that was about to begin did not know yet.
    await outlast(this.db);
    await this.hot.query(
      `UPDATE fan_outs SET finished_at = now(), cancelled_at = now(), claim = NULL, claimed_until = NULL, error = NULL
       WHERE tenant = $1 AND event_id = $2 AND finished_at IS NULL`,
      [tenant, eventId],
    );
    const [{ count }]: [{ count: number }] = await this.hot.query(
      'SELECT count(*)::int AS count FROM fan_outs WHERE tenant = $1 AND event_id = $2 AND cancelled_at IS NOT NULL',
      [tenant, eventId],
    );
    return count;
  }

  /** It cannot go on for so many seconds, and why. */
  async pause({ event, type, claim }: ClaimedFanOut, seconds: number, error: string): Promise<void> {
    await this.hot.query(
      `UPDATE fan_outs SET claim = NULL, claimed_until = now() + make_interval(secs => $5), error = $6
       WHERE tenant = $1 AND event_id = $2 AND type = $3 AND claim = $4`,
      [event.tenant, event.id, type, claim, seconds, error],
    );
  }
}
