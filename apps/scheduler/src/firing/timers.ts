import type { CloudEvent } from '@carillon/contracts';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { TimerTimes } from './verdict.ts';

/** A timer that this replica may fire until its claim lapses. */
export interface ClaimedTimer extends TimerTimes {
  timer_id: string;
  /** Of a domain service; null for the front door. */
  exchange: string | null;
  urgent: boolean;
  routing_key: string;
  message: CloudEvent;
  /** The database's time of the claim. */
  now: Date;
}

/** Milliseconds from now until a timer is due, by the database's clock; negative when it is overdue. */
export const untilDue = '(extract(epoch FROM due_at - now()) * 1000)::float8 AS wait_ms';

/** That a timer still waits, also for another try: it is not being published at this moment, so it can be cancelled or moved. */
export const stillWaits = `state = 'pending' AND (claimed_until IS NULL OR claimed_until <= now() OR error IS NOT NULL)`;

/** What an UPDATE sets to cancel a timer. */
export const cancelled = `state = 'cancelled', message = NULL, recipients = NULL, claimed_until = NULL, error = NULL`;

const unclaimed = `state = 'pending' AND (claimed_until IS NULL OR claimed_until <= now())`;

/** The timers table. Its clock, the database's, is the only one that decides; replicas' clocks may differ. */
@Injectable()
export class Timers {
  constructor(private readonly database: DataSource) {}

  /**
   * Claims due timers, urgent ones first, then the longest overdue. Replicas that claim at the same time get different ones: a row that
   * another one is claiming is skipped, not waited for. The CTEs are materialized because the planner may otherwise run the
   * subquery, and with it the LIMIT, more than once; and what they found is looked up as an array, because joined it would be
   * looked for in the whole table.
   *
   * @param leaseSeconds after which another replica may take them over
   * @param urgentOnly leave the others
   */
  async claim(limit: number, leaseSeconds: number, urgentOnly = false): Promise<ClaimedTimer[]> {
    const [rows]: [ClaimedTimer[], number] = await this.database.query(
      `WITH first AS MATERIALIZED (
         SELECT timer_id FROM timers
          WHERE ${unclaimed} AND due_at <= now() AND urgent
          ORDER BY due_at
          LIMIT $1
          FOR UPDATE SKIP LOCKED
       ), others AS MATERIALIZED (
         SELECT timer_id FROM timers
          WHERE ${unclaimed} AND due_at <= now() AND NOT urgent
          ORDER BY due_at
          LIMIT CASE WHEN $3 THEN 0 ELSE $1 - (SELECT count(*) FROM first) END
          FOR UPDATE SKIP LOCKED
       ), due AS (
         SELECT timer_id FROM first UNION ALL SELECT timer_id FROM others
       )
       UPDATE timers SET claimed_until = now() + make_interval(secs => $2), error = NULL
        WHERE timer_id = ANY(ARRAY(SELECT timer_id FROM due))
        RETURNING timer_id, due_at, expires_at, exchange, urgent, routing_key, message, now() AS now`,
      [limit, leaseSeconds, urgentOnly],
    );
    return rows;
  }

  /** Their messages are confirmed, and not kept any longer. Returns how late each one was, in seconds. */
  async markFired(timers: readonly ClaimedTimer[]): Promise<number[]> {
    if (timers.length === 0) return [];
    const [rows]: [{ late: number }[], number] = await this.database.query(
      `UPDATE timers SET state = 'fired', fired_at = now(), claimed_until = NULL, message = NULL, recipients = NULL, error = NULL
        WHERE timer_id = ANY($1) AND state = 'pending'
        RETURNING extract(epoch FROM fired_at - due_at)::float8 AS late`,
      [ids(timers)],
    );
    return rows.map(({ late }) => late);
  }

  /** Their deadline has passed. */
  async markExpired(timers: readonly ClaimedTimer[]): Promise<void> {
    if (timers.length === 0) return;
    await this.database.query(
      `UPDATE timers SET state = 'expired', claimed_until = NULL, message = NULL, recipients = NULL
        WHERE timer_id = ANY($1) AND state = 'pending'`,
      [ids(timers)],
    );
  }

  /**
   * They could not be fired; anybody may try again after a pause, in which other timers get their turn.
   * @param errors why, in the order of the timers, where there is a reason to tell
   */
  async release(timers: readonly ClaimedTimer[], pauseSeconds: number, errors: readonly string[] = []): Promise<void> {
    if (timers.length === 0) return;
    await this.database.query(
      `UPDATE timers SET claimed_until = now() + make_interval(secs => $2),
              error = ($3::text[])[array_position($1::uuid[], timer_id)]
        WHERE timer_id = ANY($1) AND state = 'pending'`,
      [ids(timers), pauseSeconds, errors],
    );
  }

  /** Milliseconds until the next timer that nobody has claimed is due; undefined when there is none. */
  async untilNextDue(): Promise<number | undefined> {
    const rows: { wait_ms: number }[] = await this.database.query(
      `SELECT ${untilDue} FROM timers WHERE ${unclaimed} ORDER BY due_at LIMIT 1`,
    );
    return rows[0]?.wait_ms;
  }
}

function ids(timers: readonly ClaimedTimer[]): string[] {
  return timers.map(({ timer_id }) => timer_id);
}
