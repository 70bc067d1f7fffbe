import type { DigestsWoken } from '@carillon/contracts';
import { batched, type SqlRunner } from '@carillon/persistence';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Firing } from '../firing/firing.ts';
import { Closing, heldColumns, type HeldWindow } from './closing.ts';

type Woken = DigestsWoken & { tenant: string };

/** Lets what waits in the digests of a recipient be decided anew. Batches are too short for that: they are decided when they are due. */
@Injectable()
export class Waking {
  readonly wake: (woken: Woken) => Promise<void>;

  constructor(
    database: DataSource,
    private readonly closing: Closing,
    firing: Firing,
  ) {
    this.wake = batched(async (all) => {
      await database.transaction((transaction) => this.wakeAll(transaction, all));
      firing.wakeIn(0);
      return all.map(() => undefined);
    });
  }

  private async wakeAll(db: SqlRunner, all: readonly Woken[]): Promise<void> {
    const changes = new Map(all.map(({ tenant, recipient, by }) => [`${tenant}\n${recipient}`, by]));
    // In the order in which they are joined, so that nobody waits in a circle.
    const windows: HeldWindow[] = await db.query(
      `SELECT ${heldColumns} FROM digest_windows
        WHERE state = 'pending' AND kind = 'digest' AND (tenant, recipient) IN (SELECT * FROM unnest($1::text[], $2::text[]))
        ORDER BY tenant, recipient, channel, scope FOR UPDATE`,
      [all.map(({ tenant }) => tenant), all.map(({ recipient }) => recipient)],
    );
    const by = windows.map(
      ({ window_id, tenant, recipient }) => [window_id, changes.get(`${tenant}\n${recipient}`)!] as const,
    );
    await this.closing.close(db, windows, new Map(by));
  }
}
