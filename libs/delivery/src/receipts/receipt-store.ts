import type { Failure, Receipt, ReceiptWord } from '@carillon/contracts';
import { batched, insertRows, namedBy, type SqlRunner } from '@carillon/persistence';
import type { DataSource } from 'typeorm';
import { afterReceipts } from '../state/after-receipts.ts';
import type { DeliveryFact } from '../store/delivery-row.ts';
import { factColumns } from '../store/delivery-store.ts';

/** A receipt as it comes in. */
export interface IncomingReceipt {
  /** The identity of the provider's own event. */
  readonly id: string;
  readonly receipt: Receipt;
}

/** What became of a receipt. */
export type Recorded =
  /** It belongs to a delivery, as which it stands now. */
  | {
      readonly kind: 'matched';
      readonly fact: DeliveryFact;
      readonly destination: string;
      /** Whether the outcome is to be told: it is new, or it may not have been told when the same receipt came before. */
      readonly tell: boolean;
    }
  /** No attempt has the provider's id, yet; it is kept and looked for again. */
  | { readonly kind: 'early' }
  /** Its delivery is not there any more. */
  | { readonly kind: 'gone' };

/** A row of `deliveries`, locked. */
interface Standing extends DeliveryFact {
  readonly failure: Failure | null;
  readonly round_start: number;
  readonly destination: string;
}

interface Match {
  readonly n: number;
  readonly tenant: string;
  readonly delivery_id: string;
  readonly attempt: number;
}

interface StoredReceipt {
  readonly tenant: string;
  readonly delivery_id: string;
  readonly attempt: number;
  readonly says: ReceiptWord;
  readonly error: string | null;
  readonly error_code: string | null;
}

type Key = { readonly tenant: string; readonly delivery_id: string };
const keyOf = ({ tenant, delivery_id }: Key): string => `${tenant} ${delivery_id}`;

/** How often a receipt without delivery is looked at: soon at first, then each hour. */
const longestPauseSeconds = 3_600;

/** What providers reported, and what that does to deliveries. Receipts that are there together share their statements. */
export class ReceiptStore {
  constructor(private readonly db: DataSource) {}

  /** Records a receipt with its delivery, or keeps it for later. Recorded again it changes nothing. */
  readonly record = batched<IncomingReceipt, Recorded>(
    (incoming) => this.db.transaction((db) => recordAll(db, incoming)),
    { max: 200 },
  );

  /** Takes kept receipts that are due to be looked at and whose delivery is known by now. Replicas get different ones. */
  async claimEarly(most: number): Promise<IncomingReceipt[]> {
    const [rows]: [{ id: string; receipt: Receipt; known: boolean }[], number] = await this.db.query(
      `WITH due AS (
         SELECT provider_message_id, id FROM unmatched_receipts WHERE next_look_at <= now()
         ORDER BY next_look_at LIMIT $1 FOR UPDATE SKIP LOCKED
       )
       UPDATE unmatched_receipts u
       SET looks = looks + 1, next_look_at = now() + least(power(2, least(looks, 30)), $2) * interval '1 second'
       FROM due WHERE u.provider_message_id = due.provider_message_id AND u.id = due.id
       RETURNING u.id, u.receipt, EXISTS (
         SELECT FROM attempts a
         WHERE a.provider_message_id = u.provider_message_id AND (u.tenant IS NULL OR a.tenant = u.tenant)) AS known`,
      [most, longestPauseSeconds],
    );
    return rows.filter(({ known }) => known).map(({ id, receipt }) => ({ id, receipt }));
  }

  /** A kept receipt has found its delivery, and what follows from it is done. */
  async forgetEarly({ id, receipt }: IncomingReceipt): Promise<void> {
    await this.db.query('DELETE FROM unmatched_receipts WHERE provider_message_id = $1 AND id = $2', [
      receipt.provider_message_id,
      id,
    ]);
  }
}

async function recordAll(db: SqlRunner, incoming: readonly IncomingReceipt[]): Promise<Recorded[]> {
  const matches = await match(db, incoming);
  const standings = await lock(db, [...matches.values()]);
  const found = incoming.flatMap(({ id, receipt }, n) => {
    const key = matches.get(n);
    return key && standings.has(keyOf(key)) ? [{ ...key, id, receipt }] : [];
  });
  const fresh = await insert(db, found);
  const changed = await advance(db, standings, found);
  await settleAttempts(db, found);
  await keep(
    db,
    incoming.filter(({ receipt }, n) => !matches.has(n) && mayBeEarly(receipt)),
  );
  return incoming.map(({ id, receipt }, n): Recorded => {
    const key = matches.get(n);
    if (!key) return { kind: mayBeEarly(receipt) ? 'early' : 'gone' };
    const before = standings.get(keyOf(key));
    if (!before) return { kind: 'gone' };
    const after = changed.get(keyOf(key));
    const again = !fresh.has(`${keyOf(key)} ${id}`);
    return {
      kind: 'matched',
      fact: after ?? before,
      destination: before.destination,
      tell: after !== undefined || again,
    };
  });
}

/** Only the provider's own id can come before its attempt is recorded: the delivery's is given out by us, after it is written. */
function mayBeEarly({ tenant, delivery_id, provider_message_id }: Receipt): boolean {
  return provider_message_id !== null && (tenant === null || delivery_id === null);
}

/** The delivery and attempt of each receipt, by its place; the latest attempt, where several have the provider's id. */
async function match(db: SqlRunner, incoming: readonly IncomingReceipt[]): Promise<Map<number, Match>> {
  const rows: Match[] = await db.query(
    `WITH item AS (
       SELECT * FROM json_to_recordset($1) AS item(n int, tenant text, delivery_id uuid, provider_message_id text)
     )
     SELECT n, d.tenant, d.id AS delivery_id, coalesce(
         (SELECT max(number) FROM attempts a
          WHERE a.tenant = d.tenant AND a.delivery_id = d.id AND a.provider_message_id = item.provider_message_id),
         d.attempts) AS attempt
     FROM item JOIN deliveries d ON ${namedBy('d.id', 'item.delivery_id')}
     UNION ALL (
       SELECT DISTINCT ON (n) n, a.tenant, a.delivery_id, a.number
       FROM item JOIN attempts a
         ON a.provider_message_id = item.provider_message_id AND (item.tenant IS NULL OR a.tenant = item.tenant)
       WHERE item.tenant IS NULL OR item.delivery_id IS NULL
       ORDER BY n, a.started_at DESC)`,
    [
      JSON.stringify(
        incoming.map(({ receipt: { tenant, delivery_id, provider_message_id } }, n) => ({
          n,
          tenant,
          delivery_id,
          provider_message_id,
        })),
      ),
    ],
  );
  return new Map(rows.map((row) => [row.n, row]));
}

/** In order of their keys, so that two replicas wait for each other instead of deadlocking. */
async function lock(db: SqlRunner, keys: readonly Key[]): Promise<Map<string, Standing>> {
  if (keys.length === 0) return new Map();
  const rows: Standing[] = await db.query(
    `WITH item AS (
       SELECT DISTINCT tenant, delivery_id FROM json_to_recordset($1) AS item(tenant text, delivery_id uuid)
     )
     SELECT ${factColumns}, d.failure, d.round_start, d.destination
     FROM deliveries d JOIN item ON ${namedBy('d.id', 'item.delivery_id')}
     ORDER BY d.tenant, d.id FOR UPDATE OF d`,
    [JSON.stringify(keys)],
  );
  return new Map(rows.map((row) => [keyOf({ tenant: row.tenant, delivery_id: row.id }), row]));
}

type Found = Match & IncomingReceipt;

/** @returns those that were not known before */
async function insert(db: SqlRunner, found: readonly Found[]): Promise<Set<string>> {
  const rows = found.map(({ tenant, delivery_id, attempt, id, receipt }) => ({
    tenant,
    delivery_id,
    id,
    attempt,
    provider: receipt.provider,
    provider_message_id: receipt.provider_message_id,
    says: receipt.says,
    error: receipt.error,
    error_code: receipt.error_code,
    at: receipt.at,
  }));
  const inserted = await insertRows<Key & { id: string }>(db, 'receipts', rows, {
    onConflict: 'DO NOTHING',
    returning: 'tenant, delivery_id, id',
  });
  return new Set(inserted.map((row) => `${keyOf(row)} ${row.id}`));
}

/** Brings the deliveries to where all their receipts lead. @returns those that changed */
async function advance(
  db: SqlRunner,
  standings: ReadonlyMap<string, Standing>,
  found: readonly Found[],
): Promise<Map<string, DeliveryFact>> {
  if (found.length === 0) return new Map();
  const stored: StoredReceipt[] = await db.query(
    `WITH item AS (
       SELECT DISTINCT tenant, delivery_id FROM json_to_recordset($1) AS item(tenant text, delivery_id uuid)
     )
     SELECT r.tenant, r.delivery_id, attempt, says, error, error_code
     FROM receipts r JOIN item ON ${namedBy('r.delivery_id', 'item.delivery_id')}
     ORDER BY received_at, id`,
    [JSON.stringify(found.map(({ tenant, delivery_id }) => ({ tenant, delivery_id })))],
  );
  const byDelivery = Map.groupBy(stored, keyOf);
  const messageIds = new Map(found.map((one) => [keyOf(one), one.receipt.provider_message_id]));
  const changes = [...byDelivery].flatMap(([key, of]) => {
    const standing = standings.get(key)!;
    const { status, failure } = afterReceipts(standing, standing, of);
    if (status === standing.status && failure === standing.failure) return [];
    // The last bad news; what arrived has no error any more.
    const cause =
      status === 'failed' ? of.findLast(({ says }) => says === 'undelivered' || says === 'rejected') : undefined;
    return {
      tenant: standing.tenant,
      id: standing.id,
      status,
      failure,
      error: cause?.error ?? null,
      error_code: cause?.error_code ?? null,
      provider_message_id: messageIds.get(key) ?? null,
    };
  });
  if (changes.length === 0) return new Map();
  const [rows]: [DeliveryFact[], number] = await db.query(
    `WITH item AS (
       SELECT * FROM json_to_recordset($1) AS item(tenant text, id uuid, status text, failure text, error text, error_code text,
         provider_message_id text)
     )
     UPDATE deliveries d
     SET status = item.status, failure = item.failure, error = item.error, error_code = item.error_code,
         provider_message_id = coalesce(d.provider_message_id, item.provider_message_id),
         next_attempt_at = NULL, sent_at = coalesce(d.sent_at, now()), updated_at = now()
     FROM item WHERE ${namedBy('d.id', 'item.id')}
     RETURNING ${factColumns}`,
    [JSON.stringify(changes)],
  );
  return new Map(rows.map((row) => [keyOf({ tenant: row.tenant, delivery_id: row.id }), row]));
}

/** Whoever reports on a message has taken it: attempts of which that was not known are known now. */
async function settleAttempts(db: SqlRunner, found: readonly Found[]): Promise<void> {
  if (found.length === 0) return;
  const items = found.map(({ tenant, delivery_id, attempt, receipt: { provider_message_id } }) => ({
    tenant,
    delivery_id,
    attempt,
    provider_message_id,
  }));
  await db.query(
    `WITH item AS (
       SELECT * FROM json_to_recordset($1) AS item(tenant text, delivery_id uuid, attempt int, provider_message_id text)
     )
     UPDATE attempts a
     SET outcome = 'accepted', error = NULL, error_code = NULL, finished_at = coalesce(a.finished_at, now()),
         provider_message_id = coalesce(a.provider_message_id, item.provider_message_id)
     FROM item
     WHERE ${namedBy('a.delivery_id', 'item.delivery_id')} AND a.number = item.attempt
       AND a.outcome IN ('sending', 'uncertain')`,
    [JSON.stringify(items)],
  );
}

async function keep(db: SqlRunner, early: readonly IncomingReceipt[]): Promise<void> {
  const rows = early.map(({ id, receipt }) => ({
    provider_message_id: receipt.provider_message_id,
    id,
    tenant: receipt.tenant,
    receipt,
  }));
  await insertRows(db, 'unmatched_receipts', rows, { onConflict: 'DO NOTHING' });
}
