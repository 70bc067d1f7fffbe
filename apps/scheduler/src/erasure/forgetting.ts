import { namedRecipients, timeOfId, withoutErased, type CloudEvent } from '@carillon/contracts';
import { erasing, erasuresAmong, type Erasure, type SqlRunner } from '@carillon/persistence';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { forgetDigests } from '../digests/forgetting-digests.ts';
import type { NewTimer } from '../setting/new-timer.ts';

/** Forgets people: deletes the timers that are about them alone and takes them out of the others. */
@Injectable()
export class Forgetting {
  readonly forget: (erasure: Erasure) => Promise<void>;

  constructor(private readonly database: DataSource) {
    this.forget = erasing(database, forgetAll);
  }

  /**
   * Forgets the erased again if new timers, which were on their way meanwhile, name some of them. To be called once these are
   * committed.
   */
  async recheck(timers: readonly Pick<NewTimer, 'tenant' | 'recipients'>[]): Promise<void> {
    const people = timers.flatMap(({ tenant, recipients }) => recipients.map((recipient) => ({ tenant, recipient })));
    const erasures = await erasuresAmong(this.database, people);
    if (erasures.length > 0) await this.database.transaction((transaction) => forgetAll(transaction, erasures));
  }
}

/** Ids of timers begin with the time of what they are about. */
async function forgetAll(db: SqlRunner, erasures: readonly Erasure[]): Promise<void> {
  await forgetDigests(db, erasures);
  const byTenant = Map.groupBy(erasures, ({ tenant }) => tenant);
  const timers: { timer_id: string; tenant: string; message: CloudEvent }[] = await db.query(
    `SELECT timer_id, tenant, message FROM timers
      WHERE state = 'pending' AND tenant = ANY($1) AND (recipients && $2 OR recipients IS NULL)
      ORDER BY timer_id FOR UPDATE`,
    [[...byTenant.keys()], erasures.map(({ recipient }) => recipient)],
  );
  const left = timers.map(({ timer_id, tenant, message }) => ({
    timer_id,
    before: message,
    message: withoutErased(message, timeOfId(timer_id), byTenant.get(tenant)!),
  }));
  await db.query('DELETE FROM timers WHERE timer_id = ANY($1)', [
    left.filter(({ message }) => message === undefined).map(({ timer_id }) => timer_id),
  ]);
  const changed = left.filter(({ before, message }) => message !== undefined && message !== before);
  await db.query(
    `UPDATE timers SET message = change.message, recipients = change.recipients
       FROM json_to_recordset($1) AS change(timer_id uuid, message json, recipients text[])
      WHERE timers.timer_id = change.timer_id`,
    [
      JSON.stringify(
        changed.map(({ timer_id, message }) => ({ timer_id, message, recipients: namedRecipients(message!) })),
      ),
    ],
  );
}
