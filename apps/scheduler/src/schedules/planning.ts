import { Messages } from '@carillon/messaging';
import { insertRows, type SqlRunner } from '@carillon/persistence';
import { Repeating } from '@carillon/service';
import { nextOccurrence } from '@carillon/time';
import { Injectable, Logger, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { ruleOf } from './rule.ts';
import { timerOfRun, type ScheduleRow } from './schedule-row.ts';

/** How often every replica looks for schedules whose time has come. */
const tickMs = 1_000;
/** Schedules planned in one transaction. */
const batch = 200;

/**
 * Sets the timer for the next time of each schedule as soon as the one before has come due. The timer, and that it was set, are one
 * transaction, so any number of replicas plan every time once. Times that passed while nobody planned are left out: only the one
 * that was planned already happens late, if its deadline allows.
 */
@Injectable()
export class Planning implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(Planning.name);
  private readonly planning = new Repeating(() => this.planDue(), tickMs);
  private stopping = false;

  constructor(
    private readonly database: DataSource,
    private readonly messages: Messages,
  ) {}

  onApplicationBootstrap(): void {
    this.planning.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    await this.planning.stop();
  }

  /**
   * The next time of these schedules after a moment, as timers and in their rows. A schedule that has no further time ends.
   *
   * @param after Unix milliseconds
   */
  async plan(db: SqlRunner, rows: readonly ScheduleRow[], after: number): Promise<void> {
    const planned = rows.map((row) => {
      const next = row.paused ? undefined : nextOccurrence(ruleOf(row), after, row.time_zone);
      return { row, next: next === undefined ? null : new Date(next) };
    });
    await insertRows(
      db,
      'timers',
      planned.flatMap(({ row, next }) => (next ? timerOfRun(row, next, this.messages.source) : [])),
      { onConflict: 'DO NOTHING' },
    );
    await db.query(
      `UPDATE schedules SET next_at = planned.next_at
         FROM json_to_recordset($1) AS planned(tenant text, schedule_id uuid, next_at timestamptz)
        WHERE schedules.tenant = planned.tenant AND schedules.schedule_id = planned.schedule_id`,
      [
        JSON.stringify(
          planned.map(({ row: { tenant, schedule_id }, next }) => ({ tenant, schedule_id, next_at: next })),
        ),
      ],
    );
  }

  /** Never rejects. */
  private async planDue(): Promise<void> {
    try {
      while (!this.stopping && (await this.planSome()) === batch);
    } catch (error) {
      this.logger.warn({ msg: 'cannot plan schedules', error: (error as Error).message });
    }
  }

  private planSome(): Promise<number> {
    return this.database.transaction(async (transaction) => {
      const due: (ScheduleRow & { now: Date })[] = await transaction.query(
        `SELECT *, now() AS now FROM schedules WHERE next_at <= now() ORDER BY next_at LIMIT $1 FOR UPDATE SKIP LOCKED`,
        [batch],
      );
      if (due.length > 0) await this.plan(transaction, due, due[0]!.now.getTime());
      return due.length;
    });
  }
}
