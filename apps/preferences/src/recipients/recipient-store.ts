import { Injectable } from '@nestjs/common';
import { Problem, type Preferences, type Recipient } from '@carillon/contracts';
import { batched, insertRows } from '@carillon/persistence';
import { DataSource } from 'typeorm';
import type { NormalRecipient } from './normalise.ts';
import type { KnownRecipient } from './recipient.ts';

interface Key {
  tenant: string;
  id: string;
}

/** Contacts of a recipient `r` as a JSON list, primary ones first. */
const contactsOf = `
  coalesce((
    SELECT json_agg(json_build_object('channel', c.channel, 'address', c.address, 'label', c.label,
                                      'verified', c.verified, 'primary', c.is_primary)
                    ORDER BY c.channel, c.is_primary DESC, c.address)
    FROM contacts c WHERE c.tenant = r.tenant AND c.recipient = r.id), '[]'::json) AS contacts`;

@Injectable()
export class RecipientStore {
  /** What the decision needs of a recipient; undefined for an unknown one. Calls made side by side share one statement. */
  readonly find = batched<Key, KnownRecipient | undefined>((keys) => this.findMany(keys));

  constructor(private readonly db: DataSource) {}

  /** @throws Problem 404 */
  async get(tenant: string, id: string): Promise<Recipient> {
    const [row] = await this.db.query(
      `SELECT id, name, locale, time_zone, roles, tags, attributes, created_at, updated_at, ${contactsOf}
       FROM recipients r WHERE tenant = $1 AND id = $2`,
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
    const { contacts, ...columns } = recipient;
    return this.db.transaction(async (db) => {
      const [{ created }] = await db.query(
        `INSERT INTO recipients (tenant, id, name, locale, time_zone, roles, tags, attributes)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (tenant, id) DO UPDATE SET name = excluded.name, locale = excluded.locale,
           time_zone = excluded.time_zone, roles = excluded.roles, tags = excluded.tags,
           attributes = excluded.attributes, updated_at = now()
         RETURNING xmax = 0 AS created`,
        [tenant, id, columns.name, columns.locale, columns.time_zone, columns.roles, columns.tags, columns.attributes],
      );
      await db.query('DELETE FROM contacts WHERE tenant = $1 AND recipient = $2', [tenant, id]);
      await insertRows(
        db,
        'contacts',
        contacts.map(({ primary, ...contact }) => ({ tenant, recipient: id, ...contact, is_primary: primary })),
      );
      return created as boolean;
    });
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
    const rows: (KnownRecipient & Key)[] = await this.db.query(
      `SELECT r.tenant, r.id, r.name, r.locale, r.time_zone, r.preferences, ${contactsOf}
       FROM recipients r
       WHERE (r.tenant, r.id) IN (SELECT * FROM unnest($1::text[], $2::text[]))`,
      [keys.map(({ tenant }) => tenant), keys.map(({ id }) => id)],
    );
    const found = new Map(rows.map((row) => [`${row.tenant}\n${row.id}`, row]));
    return keys.map(({ tenant, id }) => found.get(`${tenant}\n${id}`));
  }
}
