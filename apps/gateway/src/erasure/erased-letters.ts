import { Injectable } from '@nestjs/common';
import { namedRecipients, onlyRecipient, withoutErased } from '@carillon/contracts';
import { erasing, erasuresAmong, type Erasure, type SqlRunner } from '@carillon/persistence';
import { DataSource } from 'typeorm';
import { forgetMessages } from '../outbound-webhooks/message-store.ts';
import type { KeptDeadLetter } from '../dead-letters/dead-letter-of.ts';
import { deadLetterColumns, type DeadLetterView } from '../dead-letters/dead-letter-view.ts';
import { bodyWith, parkedEvent } from './parked-event.ts';

type LetterRow = Pick<KeptDeadLetter, 'tenant' | 'id' | 'body' | 'properties'> & { parked_at: Date };

/** Forgets people: deletes the dead letters that are about them alone and takes them out of the others. */
@Injectable()
export class ErasedLetters {
  readonly forget: (erasure: Erasure) => Promise<void>;

  constructor(private readonly db: DataSource) {
    this.forget = erasing(db, async (sql, erasures) => {
      await forgetAll(sql, erasures);
      await forgetMessages(sql, erasures);
    });
  }

  /**
   * Forgets the erased again if new letters, which were on their way meanwhile, name some of them. To be called once these are
   * committed.
   */
  async recheck(letters: readonly { tenant: string; recipients: readonly string[] }[]): Promise<void> {
    const people = letters.flatMap(({ tenant, recipients }) => recipients.map((recipient) => ({ tenant, recipient })));
    const erasures = await erasuresAmong(this.db, people);
    if (erasures.length > 0) await this.db.transaction((transaction) => forgetAll(transaction, erasures));
  }

  /** A page of the letters that name a person, newest first, without the other people in them. */
  async naming(of: {
    tenant: string;
    recipient: string;
    limit: number;
    cursor: string | null;
  }): Promise<{ rows: DeadLetterView[]; next: string | null }> {
    const { tenant, recipient, limit, cursor } = of;
    const letters: (DeadLetterView & { parked_at: Date })[] = await this.db.query(
      `SELECT ${deadLetterColumns} FROM dead_letters
       WHERE tenant = $1 AND (recipients @> ARRAY[$2] OR recipients IS NULL) AND ($3::uuid IS NULL OR id < $3)
       ORDER BY id DESC LIMIT $4`,
      [tenant, recipient, cursor, limit],
    );
    const rows = letters.flatMap((letter) => {
      const event = parkedEvent(letter);
      if (!namedRecipients(event).includes(recipient)) return [];
      const shown = onlyRecipient(event, recipient);
      return [shown === event ? letter : { ...letter, body: bodyWith(letter.body, shown.data) }];
    });
    return { rows, next: letters.length === limit ? letters.at(-1)!.id : null };
  }
}

async function forgetAll(db: SqlRunner, erasures: readonly Erasure[]): Promise<void> {
  const byTenant = Map.groupBy(erasures, ({ tenant }) => tenant);
  const letters: LetterRow[] = await db.query(
    `SELECT tenant, id, body, properties, parked_at FROM dead_letters
     WHERE tenant = ANY($1) AND (recipients && $2 OR recipients IS NULL) ORDER BY id FOR UPDATE`,
    [[...byTenant.keys()], erasures.map(({ recipient }) => recipient)],
  );
  const left = letters.map((letter) => {
    const before = parkedEvent(letter);
    return { ...letter, before, after: withoutErased(before, before.at, byTenant.get(letter.tenant)!) };
  });
  await db.query(
    `DELETE FROM dead_letters d USING json_to_recordset($1) AS gone(tenant text, id uuid)
     WHERE d.tenant = gone.tenant AND d.id = gone.id`,
    [JSON.stringify(left.filter(({ after }) => after === undefined).map(({ tenant, id }) => ({ tenant, id })))],
  );
  await db.query(
    `UPDATE dead_letters d SET body = change.body, recipients = change.recipients
     FROM json_to_recordset($1) AS change(tenant text, id uuid, body text, recipients text[])
     WHERE d.tenant = change.tenant AND d.id = change.id`,
    [
      JSON.stringify(
        left
          .filter(({ before, after }) => after !== undefined && after !== before)
          .map(({ tenant, id, body, after }) => ({
            tenant,
            id,
            body: bodyWith(body, after!.data),
            recipients: namedRecipients(after!),
          })),
      ),
    ],
  );
}
