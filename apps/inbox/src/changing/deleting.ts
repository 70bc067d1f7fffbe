import { Problem, uuidSchema } from '@carillon/contracts';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { rowOfThird } from '../reading/queries.ts';
import { views, type Owner } from '../reading/visible.ts';
import { Signals } from '../signals/signals.ts';

/** So many deleted at once are named; of more only that something changed. */
const namedAtMost = 500;

/** The row stays a while without its words, so that a redelivery finds it and does not bring it back. */
const emptied = `deleted_at = now(), title = '', message = '', html = NULL, link = NULL, image = NULL, actions = '[]', metadata = '{}',
  related = '{}', actor = NULL, actors = NULL, batch_key = NULL, batch_until = NULL, snoozed_until = NULL`;

/** Deletes notifications for good, and tells their recipient's sockets. */
@Injectable()
export class Deleting {
  constructor(
    private readonly database: DataSource,
    private readonly signals: Signals,
  ) {}

  /** Answers whether it was there until now. @throws Problem 404 for one that never was */
  async one({ tenant, recipient }: Owner, id: string): Promise<boolean> {
    if (!uuidSchema.safeParse(id).success) throw Problem.notFound('notification', id);
    const condition = `id = ${rowOfThird} AND deleted_at IS NULL`;
    if ((await this.delete({ tenant, recipient }, condition, [id])) > 0) return true;
    const rows: unknown[] = await this.database.query(
      `SELECT FROM notifications WHERE tenant = $1 AND recipient = $2 AND id = ${rowOfThird}`,
      [tenant, recipient, id],
    );
    if (rows.length === 0) throw Problem.notFound('notification', id);
    return false;
  }

  /** All that are read and in the inbox, with one statement. Returns how many. */
  read({ tenant, recipient }: Owner): Promise<number> {
    return this.delete({ tenant, recipient }, views.read);
  }

  private async delete({ tenant, recipient }: Owner, condition: string, parameters: unknown[] = []): Promise<number> {
    const [rows]: [{ id: string }[], number] = await this.database.query(
      `UPDATE notifications SET ${emptied} WHERE tenant = $1 AND recipient = $2 AND ${condition} RETURNING id`,
      [tenant, recipient, ...parameters],
    );
    if (rows.length > namedAtMost) await this.signals.send({ tenant, recipient, reload: true });
    else if (rows.length > 0) await this.signals.send({ tenant, recipient, deleted: rows.map(({ id }) => id) });
    return rows.length;
  }
}
