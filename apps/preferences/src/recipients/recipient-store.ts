import { Injectable } from '@nestjs/common';
import { Problem, type Preferences, type Recipient } from '@carillon/contracts';
import { batched, prepared, type SqlRunner } from '@carillon/persistence';
import { DataSource } from 'typeorm';
import type { NormalRecipient } from './normalise.ts';
import type { KnownRecipient } from './recipient.ts';

interface Key {
  tenant: string;
  id: string;
}

@Injectable()
export class RecipientStore {
  /** What the decision needs of a recipient; undefined for an unknown one. Calls made side by side share one statement. */
  readonly find = batched<Key, KnownRecipient | undefined>((keys) => this.findMany(keys));

  private readonly hot: SqlRunner;

  constructor(private readonly db: DataSource) {
    this.hot = prepared(db);
  }

  /** @throws Problem 404 */
  async get(tenant: string, id: string): Promise<Recipient> {
    const [row] = await this.db.query(
      `SELECT id, name, locale, time_zone, roles, tags, attributes, contacts, created_at, updated_at
       FROM recipients WHERE tenant = $1 AND id = $2`,
      [tenant, id],
    );
    if (!row) throw Problem.notFound('recipient', id);
    const primary = (channel: string) =>
      (row as Recipient).contacts.find((contact) => contact.channel === channel && contact.primary)?.address ?? null;
    return {
      ...row,
      email: primary('email'),
      phone: primary('sms'),
      created_at: row.created_at.toISOString(),
      updated_at: row.updated_at.toISOString(),
    };
  }

  /** Creates the recipient or replaces all but its preferences. Returns whether it was new. */
  async put(tenant: string, id: string, recipient: NormalRecipient): Promise<boolean> {
    const { name, locale, time_zone, roles, tags, attributes, contacts } = recipient;
    const [{ created }] = await this.db.query(
      `INSERT INTO recipients (tenant, id, name, locale, time_zone, roles, tags, attributes, contacts)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
       ON CONFLICT (tenant, id) DO UPDATE SET name = excluded.name, locale = excluded.locale,
         time_zone = excluded.time_zone, roles = excluded.roles, tags = excluded.tags,
         attributes = excluded.attributes, contacts = excluded.contacts, updated_at = now()
       RETURNING xmax = 0 AS created`,
      [tenant, id, name, locale, time_zone, roles, tags, attributes, JSON.stringify(contacts)],
    );
    return created as boolean;
  }

  /** @throws Problem 404 */
  async preferences(tenant: string, id: string): Promise<Preferences> {
    const [row] = await this.db.query('SELECT preferences FROM recipients WHERE tenant = $1 AND id = $2', [tenant, id]);
    if (!row) throw Problem.notFound('recipient', id);
    return row.preferences as Preferences;
  }

  /** Applies a change under a row lock, so that two changes at once both count. @throws Problem 404 */
  async changePreferences(
    tenant: string,
    id: string,
    change: (before: Preferences) => Preferences,
  ): Promise<Preferences> {
    return this.db.transaction(async (db) => {
      const [row] = await db.query('SELECT preferences FROM recipients WHERE tenant = $1 AND id = $2 FOR UPDATE', [
        tenant,
        id,
      ]);
      if (!row) throw Problem.notFound('recipient', id);
      const after = change(row.preferences as Preferences);
      await db.query('UPDATE recipients SET preferences = $3 WHERE tenant = $1 AND id = $2', [tenant, id, after]);
      return after;
    });
  }

  private async findMany(keys: readonly Key[]): Promise<(KnownRecipient | undefined)[]> {
    const rows: (KnownRecipient & Key)[] = await this.hot.query(
      `SELECT tenant, id, name, locale, time_zone, preferences, contacts FROM recipients
       WHERE (tenant, id) IN (SELECT * FROM unnest($1::text[], $2::text[]))`,
      [keys.map(({ tenant }) => tenant), keys.map(({ id }) => id)],
    );
    const found = new Map(rows.map((row) => [`${row.tenant}\n${row.id}`, row]));
    return keys.map(({ tenant, id }) => found.get(`${tenant}\n${id}`));
  }
}
