import type { Client } from 'pg';

/** As many as fill about a second, so that progress is seen and an interruption is heard. */
const sliceRows = 100_000;

/** What a recipient has on average: from 100 to 2,000, in every hundred of recipients alike. */
const perRecipient = 200;
const perHundred = 100 * perRecipient;
const tenants = 50;

/** Recipients `recipient-0` … among whom so many rows are spread. */
export function recipientsOf(rows: number): number {
  return 100 * Math.max(1, Math.round(rows / perHundred));
}

/** A hundred recipients in a row share a tenant. */
export function inboxOf(recipient: number): { tenant: string; recipient: string } {
  return { tenant: `tenant-${Math.floor(recipient / 100) % tenants}`, recipient: `recipient-${recipient}` };
}

/**
 * Adds notifications of the last 30 days in the order of time, so that one inbox lies all over the table, as it does in life.
 * Of a hundred 60 are read, 22 unread, 10 archived, 2 snoozed, 5 expired and 1 deleted; eight types.
 *
 * @param have rows that are there; those that come are for recipients of their own
 * @param want rows that are there afterwards
 */
export async function fill(
  db: Client,
  have: number,
  want: number,
  {
    signal,
    onProgress,
  }: { signal: AbortSignal; onProgress(done: number, total: number, of: 'rows' | 'indexes'): void },
): Promise<void> {
  const firstHundred = have === 0 ? 0 : recipientsOf(have) / 100;
  const hundreds = recipientsOf(want) / 100 - firstHundred || 1;
  const index = await withoutIndexes(db);
  for (let from = have; from < want; from += sliceRows) {
    signal.throwIfAborted();
    const upTo = Math.min(want, from + sliceRows);
    await db.query(insertion, [from, upTo - 1, have, want, firstHundred, hundreds]);
    onProgress(upTo - have, want - have, 'rows');
  }
  for (const [done, statement] of index.entries()) {
    signal.throwIfAborted();
    onProgress(done, index.length, 'indexes');
    await db.query(statement);
  }
  await db.query('VACUUM (ANALYZE) inbox.notifications');
}

/** `OFFSET 0` keeps the random numbers of a row the same wherever they are used. */
const insertion = `
  INSERT INTO inbox.notifications (tenant, recipient, id, delivery_id, type, category, priority, title, message, actions, metadata,
                                   related, template, locale, created_at, arrived_at, read_at, first_read_at, read_announced,
                                   seen_at, archived_at, snoozed_until, expires_at, deleted_at)
  SELECT 'tenant-' || hundred % ${tenants}, 'recipient-' || hundred * 100 + place,
         (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || substr(md5(n::text), 13))::uuid, gen_random_uuid(),
         'type-' || n % 8, 'category-' || n % 4, CASE WHEN n % 20 = 0 THEN 'high' ELSE 'normal' END,
         'Invoice ' || n || ' is due', 'The invoice over KES ' || n % 9000 || ' for class ' || n % 12 || 'B is due on Friday. '
           || CASE WHEN n % 10 = 0 THEN 'Please call the office.' ELSE 'Pay with the button below.' END,
         '[{"id": "pay", "label": "Pay now", "url": "https://school.example/pay", "style": "primary"}]',
         jsonb_build_object('class', n % 12), jsonb_build_object('invoice_id', 'INV-' || n),
         '{"id": "invoice-due", "version": 1, "locale": "en"}', 'en', at,
         CASE WHEN fate >= 92 AND fate < 94 THEN at + interval '1 year' ELSE at END,
         CASE WHEN fate < 60 OR fate >= 99 THEN at + interval '5 minutes' END,
         CASE WHEN fate < 60 OR fate >= 99 THEN at + interval '5 minutes' END, true,
         CASE WHEN fate < 75 THEN at + interval '1 minute' END,
         CASE WHEN fate >= 82 AND fate < 92 THEN at + interval '1 hour' END,
         CASE WHEN fate >= 92 AND fate < 94 THEN at + interval '1 year' END,
         CASE WHEN fate >= 94 AND fate < 99 THEN now() - interval '1 hour' WHEN n % 10 = 1 THEN now() + interval '60 days' END,
         CASE WHEN fate >= 99 THEN now() - interval '1 hour' END
    FROM (SELECT n, 100 * random() AS fate, $5 + floor($6 * random())::int AS hundred, floor(100 * random() ^ 2)::int AS place,
                 date_trunc('milliseconds', now() - interval '30 days' * (1 - (n - $3)::float8 / ($4 - $3))) AS at
            FROM generate_series($1::int, $2::int) n OFFSET 0) AS drawn`;

/**
 * Drops keys and indexes, because adding one row after the other to those of ten million takes hours; the table is not logged, which
 * reads do not notice and others on the machine do.
 *
 * @returns the statements that bring keys and indexes back
 */
async function withoutIndexes(db: Client): Promise<string[]> {
  const { rows: keys } = await db.query<{ of: string; name: string; definition: string }>(`
    SELECT conrelid::regclass::text AS of, quote_ident(conname) AS name, pg_get_constraintdef(oid) AS definition FROM pg_constraint
     WHERE (contype = 'p' AND conrelid = 'inbox.notifications'::regclass) OR confrelid = 'inbox.notifications'::regclass
     ORDER BY contype DESC`);
  for (const { of, name } of keys.toReversed()) await db.query(`ALTER TABLE ${of} DROP CONSTRAINT ${name}`);
  const { rows: indexes } = await db.query<{ name: string; definition: string }>(`
    SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition FROM pg_index
     WHERE indrelid = 'inbox.notifications'::regclass`);
  for (const { name } of indexes) await db.query(`DROP INDEX ${name}`);
  for (const table of new Set(['inbox.notifications', ...keys.map(({ of }) => of)]))
    await db.query(`ALTER TABLE ${table} SET UNLOGGED`);
  await db.query(`SET maintenance_work_mem = '512MB'`);
  return [
    ...indexes.map(({ definition }) => definition),
    ...keys.map(({ of, name, definition }) => `ALTER TABLE ${of} ADD CONSTRAINT ${name} ${definition}`),
  ];
}
