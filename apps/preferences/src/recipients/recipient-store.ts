import { Injectable } from '@nestjs/common';
import { Problem, type Channel, type Preferences, type Recipient, type RecipientFilter } from '@carillon/contracts';
import { batched, prepared, type SqlRunner } from '@carillon/persistence';
import { DataSource } from 'typeorm';
import type { NormalRecipient } from './normalise.ts';
import type { Contact, KnownRecipient } from './recipient.ts';

interface Key {
  tenant: string;
  id: string;
}

/** A recipient as somebody says it is, in the words of the table. */
export interface SaidRecipient extends NormalRecipient, Key {
  /** When it was said (RFC 3339); left out: now. */
  as_of?: string;
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
    const [row] = await this.db.query(`SELECT ${shown} FROM recipients WHERE tenant = $1 AND id = $2`, [tenant, id]);
    if (!row) throw Problem.notFound('recipient', id);
    return recipientOf(row as RecipientRow);
  }

  /** Who has an address as a contact; the first by id where several have it. @param address canonical */
  async findByContact(tenant: string, channel: Channel, address: string): Promise<KnownRecipient | undefined> {
    const [row]: KnownRecipient[] = await this.db.query(
      `SELECT id, name, locale, time_zone, preferences, contacts FROM recipients
       WHERE tenant = $1 AND contacts @> $2 ORDER BY id LIMIT 1`,
      [tenant, JSON.stringify([{ channel, address }])],
    );
    return row;
  }

  /** Everybody who has an address as a contact, by id; so many as share one. @param address canonical */
  withContact(tenant: string, channel: Channel, address: string): Promise<{ id: string; locale: string }[]> {
    return this.db.query(
      'SELECT id, locale FROM recipients WHERE tenant = $1 AND contacts @> $2 ORDER BY id LIMIT 1000',
      [tenant, JSON.stringify([{ channel, address }])],
    );
  }

  /** Creates the recipient or replaces all but its preferences; what is as it was is not written. */
  async put(
    tenant: string,
    id: string,
    recipient: NormalRecipient,
  ): Promise<{ created: boolean; recipient: Recipient }> {
    const [row] = await this.hot.query(putOne, [JSON.stringify([{ tenant, id, ...recipient }])]);
    const { created, ...saved } = row as RecipientRow & { created: boolean };
    return { created, recipient: recipientOf(saved) };
  }

  /**
   * The same for many of a tenant, all or none, in one statement.
   * @param recipients their rows as JSON, each id once, in the order of their ids, so that two calls do not wait for each other
   */
  async putMany(recipients: readonly string[]): Promise<{ created: number; updated: number; unchanged: number }> {
    const [{ created, updated }] = await this.hot.query(putMany, [`[${recipients.join(',')}]`]);
    return { created, updated, unchanged: recipients.length - created - updated };
  }

  /** What events tell of recipients, each once: nothing that was said earlier than what stands there is written. */
  async learn(recipients: readonly SaidRecipient[]): Promise<void> {
    const inOrder = [...recipients].sort(byKey);
    await this.hot.query(learnMany, [JSON.stringify(inOrder)]);
  }

  /** A page of recipients by id. */
  async list(
    tenant: string,
    { q, role, tag, channel }: RecipientFilter,
    limit: number,
    after: string | null,
  ): Promise<{ data: Recipient[]; next: string | null }> {
    const values: unknown[] = [tenant, limit + 1];
    const conditions = ['tenant = $1'];
    const holds = (condition: (value: string) => string, value: unknown) =>
      conditions.push(condition(`$${values.push(value)}`));
    if (after !== null) holds((value) => `id > ${value}`, after);
    if (role !== undefined) holds((value) => `roles @> ${value}`, [role]);
    if (tag !== undefined) holds((value) => `tags @> ${value}`, [tag]);
    if (channel !== undefined) holds((value) => `contacts @> ${value}`, JSON.stringify([{ channel }]));
    if (q !== undefined) {
      // People write phone numbers in groups, and at home with a 0 for the country code; the stored ones have neither.
      const address = /^[+\d(][\d\s().-]+$/.test(q) ? q.replace(/[^+\d]/g, '').replace(/^0+(?=\d)/, '') : q;
      const text = `$${values.push(containing(q))}`;
      const inAddress = `$${values.push(containing(address))}`;
      conditions.push(
        `(id ILIKE ${text} OR name ILIKE ${text}
          OR EXISTS (SELECT FROM jsonb_array_elements(contacts) AS contact WHERE contact->>'address' ILIKE ${inAddress}))`,
      );
    }
    const rows: RecipientRow[] = await this.db.query(
      `SELECT ${shown} FROM recipients WHERE ${conditions.join(' AND ')} ORDER BY id LIMIT $2`,
      values,
    );
    const data = rows.slice(0, limit).map(recipientOf);
    return { data, next: rows.length > limit ? data.at(-1)!.id : null };
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

/** Part of a text, for ILIKE. */
export function containing(text: string): string {
  return `%${text.replace(/[\\%_]/g, '\\$&')}%`;
}

export function byKey(one: Key, other: Key): number {
  return compare(one.tenant, other.tenant) || compare(one.id, other.id);
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

type RecipientRow = Omit<Recipient, 'email' | 'phone' | 'created_at' | 'updated_at'> & {
  contacts: Contact[];
  created_at: Date;
  updated_at: Date;
};

function recipientOf({ id, name, contacts, created_at, updated_at, ...row }: RecipientRow): Recipient {
  const primary = (of: string) => contacts.find(({ channel, primary }) => channel === of && primary)?.address ?? null;
  return {
    id,
    name,
    email: primary('email'),
    phone: primary('sms'),
    contacts: contacts.map((contact) => ({ ...contact, suppressed: contact.suppressed ?? null })),
    ...row,
    created_at: created_at.toISOString(),
    updated_at: updated_at.toISOString(),
  };
}

const shown = 'id, name, locale, time_zone, roles, tags, attributes, contacts, created_at, updated_at';

const said = ['name', 'locale', 'time_zone', 'roles', 'tags', 'attributes', 'contacts'];
const of = (table: string) => said.map((column) => `${table}.${column}`).join(', ');
const differs = `(${of('known')}) IS DISTINCT FROM (${of('given')})`;

/**
 * Writes what is given, without touching what is as it was: not even a row lock is taken there, which would be a write too.
 * @param news which of the `given` rows are news beside the `known` ones
 * @param wins which of them stand, when another wrote the same recipient meanwhile
 */
const write = (news: string, wins: string) => `
  WITH given AS MATERIALIZED (
    SELECT tenant, id, name, locale, time_zone, roles, tags, attributes, mark_suppressed(tenant, contacts) AS contacts,
           -- A clock that is ahead must not shut out whatever comes after.
           least(as_of, now()) AS as_of
    FROM json_populate_recordset(null::recipients, $1)
  ), written AS (
    INSERT INTO recipients AS standing (tenant, id, ${said.join(', ')}, as_of)
    SELECT given.tenant, given.id, ${of('given')}, given.as_of
    FROM given LEFT JOIN recipients known ON (known.tenant, known.id) = (given.tenant, given.id)
    WHERE known.id IS NULL OR ${news}
    ON CONFLICT (tenant, id) DO UPDATE
      SET ${said.map((column) => `${column} = excluded.${column}`).join(', ')}, as_of = excluded.as_of, updated_at = now()
      WHERE ${wins}
    RETURNING *, xmax = 0 AS created
  )`;

const putOne = `${write(differs, 'true')}
  SELECT ${shown}, created FROM written
  UNION ALL
  SELECT ${shown}, false FROM recipients WHERE NOT EXISTS (SELECT FROM written) AND (tenant, id) IN (SELECT tenant, id FROM given)`;

const putMany = `${write(differs, 'true')}
  SELECT count(*) FILTER (WHERE created)::int AS created, count(*) FILTER (WHERE NOT created)::int AS updated FROM written`;

const learnMany = `${write(
  `given.as_of > known.as_of OR (given.as_of = known.as_of AND ${differs})`,
  'excluded.as_of >= standing.as_of',
)}
  SELECT count(*) FROM written`;
