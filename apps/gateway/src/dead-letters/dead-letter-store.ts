import { Injectable } from '@nestjs/common';
import { namedRecipients, Problem } from '@carillon/contracts';
import { batched, insertRows } from '@carillon/persistence';
import { DataSource } from 'typeorm';
import { ErasedLetters } from '../erasure/erased-letters.ts';
import { parkedEvent } from '../erasure/parked-event.ts';
import type { KeptDeadLetter } from './dead-letter-of.ts';
import { deadLetterColumns as columns, type DeadLetterView } from './dead-letter-view.ts';

@Injectable()
export class DeadLetterStore {
  /** Keeps a letter; a redelivered one is already there. */
  readonly keep = batched<KeptDeadLetter, void>(async (letters) => {
    const rows = letters.map((letter) => ({ ...letter, recipients: namedRecipients(parkedEvent(letter)) }));
    await insertRows(this.db, 'dead_letters', rows, { onConflict: 'DO NOTHING' });
    await this.erased.recheck(rows);
    return letters.map(() => undefined);
  });

  constructor(
    private readonly db: DataSource,
    private readonly erased: ErasedLetters,
  ) {}

  /** Newest first. */
  async list(
    tenant: string,
    { status, limit, after }: { status?: string; limit: number; after: string | null },
  ): Promise<{ data: DeadLetterView[]; next: string | null }> {
    const rows: DeadLetterView[] = await this.db.query(
      `SELECT ${columns} FROM dead_letters
       WHERE tenant = $1 AND ($2::text IS NULL OR status = $2) AND ($3::uuid IS NULL OR id < $3)
       ORDER BY id DESC LIMIT $4`,
      [tenant, status ?? null, after, limit + 1],
    );
    const data = rows.slice(0, limit);
    return { data, next: rows.length > limit ? data.at(-1)!.id : null };
  }

  /** @throws Problem 404 */
  async get(tenant: string, id: string): Promise<DeadLetterView> {
    const [row] = await this.db.query(`SELECT ${columns} FROM dead_letters WHERE tenant = $1 AND id = $2`, [
      tenant,
      id,
    ]);
    if (!row) throw Problem.notFound('dead letter', id);
    return row;
  }

  /**
   * Marks a parked letter, after `act` has succeeded, under a row lock: two admins cannot both replay it.
   * @throws Problem 404; 409 `already_settled`
   */
  async settle(
    tenant: string,
    id: string,
    status: 'replayed' | 'discarded',
    act: (letter: DeadLetterView) => Promise<void> = async () => undefined,
  ): Promise<DeadLetterView> {
    return this.db.transaction(async (db) => {
      const [letter] = await db.query(`SELECT ${columns} FROM dead_letters WHERE tenant = $1 AND id = $2 FOR UPDATE`, [
        tenant,
        id,
      ]);
      if (!letter) throw Problem.notFound('dead letter', id);
      if (letter.status !== 'parked') {
        throw new Problem({
          status: 409,
          code: 'already_settled',
          title: `The dead letter was ${letter.status} already`,
        });
      }
      await act(letter);
      const [[settled]] = await db.query(
        `UPDATE dead_letters SET status = $3, settled_at = now() WHERE tenant = $1 AND id = $2 RETURNING ${columns}`,
        [tenant, id, status],
      );
      return settled;
    });
  }

  /**
   * Acts on the oldest parked letters that have a certain error, in the order in which they came, and marks them as replayed.
   * @returns how many there were; at most so many at once
   */
  async replayOldest(
    tenant: string,
    error: string,
    most: number,
    act: (letter: DeadLetterView) => Promise<void>,
  ): Promise<number> {
    return this.db.transaction(async (db) => {
      const letters: DeadLetterView[] = await db.query(
        `SELECT ${columns} FROM dead_letters WHERE tenant = $1 AND status = 'parked' AND error = $2
         ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED`,
        [tenant, error, most],
      );
      for (const letter of letters) await act(letter);
      await db.query(
        `UPDATE dead_letters SET status = 'replayed', settled_at = now() WHERE tenant = $1 AND id = ANY($2)`,
        [tenant, letters.map(({ id }) => id)],
      );
      return letters.length;
    });
  }
}
