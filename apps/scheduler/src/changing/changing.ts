import { batched, type SqlRunner } from '@carillon/persistence';
import type { TimersCancelled, TimersWoken } from '@carillon/contracts';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Firing } from '../firing/firing.ts';
import { cancelled, stillWaits } from '../firing/timers.ts';
import type { NewTimer } from '../setting/new-timer.ts';

type Cancelled = TimersCancelled & { tenant: string };
type Woken = TimersWoken & { tenant: string };

/** The message with what its reader is to know; of several changes the last one counts. */
const told = (woken: string) => `jsonb_set(message::jsonb, '{data,woken}', ${woken}::jsonb)::json`;

/**
 * Cancels and wakes timers by their key. What is said of a key is written down before the timers are looked for, and whoever sets a
 * timer looks there after it is written: so an event that overtakes the one it ends still ends it.
 */
@Injectable()
export class Changing {
  readonly cancel: (cancelled: Cancelled) => Promise<void>;
  readonly wake: (woken: Woken) => Promise<void>;

  constructor(
    private readonly database: DataSource,
    private readonly firing: Firing,
  ) {
    this.cancel = batched(async (all) => {
      await this.remember(all.map(({ tenant, key, at }) => ({ tenant, key, cancelled_at: at })));
      await this.database.query(
        `UPDATE timers SET ${cancelled}
           FROM json_to_recordset($1) AS said(tenant text, key text, at bigint)
          WHERE timers.tenant = said.tenant AND timers.key = said.key AND since <= said.at AND ${stillWaits}`,
        [JSON.stringify(all)],
      );
      return all.map(() => undefined);
    });
    this.wake = batched(async (all) => {
      const byKey = all.filter(({ key }) => key !== undefined);
      await this.remember(byKey.map(({ tenant, key, at, woken }) => ({ tenant, key: key!, moved_at: at, woken })));
      await this.database.query(
        `UPDATE timers SET due_at = now(), message = ${told('said.woken')}
           FROM json_to_recordset($1) AS said(tenant text, key text, at bigint, woken jsonb)
          WHERE timers.tenant = said.tenant AND timers.key = said.key AND since < said.at AND ${stillWaits}`,
        [JSON.stringify(byKey)],
      );
      await this.database.query(
        `UPDATE timers SET due_at = now(), message = ${told('said.woken')}
           FROM json_to_recordset($1) AS said(tenant text, recipient text, woken jsonb)
          WHERE timers.tenant = said.tenant AND timers.recipients @> ARRAY[said.recipient] AND follows_zone AND ${stillWaits}`,
        [JSON.stringify(all.filter(({ recipient }) => recipient !== undefined))],
      );
      this.firing.wakeIn(0);
      return all.map(() => undefined);
    });
  }

  /** What was said of the keys of new timers before these came. To be called once they are committed. */
  async recheck(timers: readonly Pick<NewTimer, 'timer_id' | 'key'>[]): Promise<void> {
    const ids = timers.flatMap(({ timer_id, key }) => (key === undefined ? [] : timer_id));
    if (ids.length === 0) return;
    const [, moved]: [unknown, number] = await this.database.query(
      `UPDATE timers SET due_at = now(), message = ${told('said.woken')}
         FROM timer_keys AS said
        WHERE timer_id = ANY($1) AND said.tenant = timers.tenant AND said.key = timers.key AND since < moved_at AND ${stillWaits}`,
      [ids],
    );
    await this.database.query(
      `UPDATE timers SET ${cancelled}
         FROM timer_keys AS said
        WHERE timer_id = ANY($1) AND said.tenant = timers.tenant AND said.key = timers.key AND since <= cancelled_at AND ${stillWaits}`,
      [ids],
    );
    if (moved > 0) this.firing.wakeIn(0);
  }

  private async remember(
    said: readonly { tenant: string; key: string; cancelled_at?: number; moved_at?: number; woken?: object }[],
  ): Promise<void> {
    // Of several changes of a key in one batch the last one, in one order for all, so that two batches do not wait in a circle.
    const last = new Map(
      said
        .toSorted((a, b) => (a.cancelled_at ?? a.moved_at)! - (b.cancelled_at ?? b.moved_at)!)
        .map((one) => [`${one.tenant}\n${one.key}`, one]),
    );
    const rows = [...last.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
    const db: SqlRunner = this.database;
    await db.query(
      `INSERT INTO timer_keys AS known (tenant, key, cancelled_at, moved_at, woken)
       SELECT tenant, key, cancelled_at, moved_at, woken FROM json_populate_recordset(null::timer_keys, $1)
       ON CONFLICT (tenant, key) DO UPDATE SET
         cancelled_at = greatest(known.cancelled_at, excluded.cancelled_at),
         moved_at = greatest(known.moved_at, excluded.moved_at),
         woken = CASE WHEN excluded.moved_at >= coalesce(known.moved_at, 0) THEN excluded.woken ELSE known.woken END,
         changed_at = now()`,
      [JSON.stringify(rows)],
    );
  }
}
