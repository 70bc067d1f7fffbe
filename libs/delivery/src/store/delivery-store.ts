import { batched, namedBy, notErased, wasCancelled, type SqlRunner } from '@carillon/persistence';
import type {
  ClaimedDelivery,
  DeliveryFact,
  FailOver,
  NewDelivery,
  PutAside,
  Release,
  Settlement,
  Start,
} from './delivery-row.ts';

export interface StoreOptions {
  /** Seconds for which whoever works on a delivery is trusted to finish. */
  readonly leaseSeconds: number;
  /** Says when outcomes need not wait for more of them. */
  readonly gather?: (done: () => void) => void;
}

/** Error of an attempt whose process did not live to see its end. */
export const lostAttempt = 'the sender stopped during the attempt';

/** What {@link DeliveryFact} has, of a row `d`. */
export const factColumns = `d.tenant, d.id, d.notification_id, d.recipient, d.type, d.category, d.template, d.status, d.provider,
  d.provider_message_id, d.attempts, d.error, d.traceparent, d.updated_at`;
const claimColumns = `${factColumns}, d.lane, d.destination, d.destination_name, d.content, d.round_start,
  extract(epoch FROM d.expires_at - now())::float8 AS expires_in, extract(epoch FROM now() - d.created_at)::float8 AS age,
  extract(epoch FROM now() - d.updated_at)::float8 AS quiet`;

/** A template, and what of it the log is filtered by. */
const templateColumns = 'template, template_key, template_version, experiment, variant';
const templateValues = `template, template ->> 'key', (template ->> 'version')::int, template ->> 'experiment', template ->> 'variant'`;

/** SQL: the state of a delivery that must not be sent, or NULL. */
const refused = (delivery: string): string => `CASE
  WHEN ${delivery}.expires_at <= now() THEN 'expired'
  WHEN ${wasCancelled(delivery)} THEN 'cancelled'
  WHEN EXISTS (SELECT FROM suppressed_addresses s
    WHERE s.tenant = ${delivery}.tenant AND s.address = ${delivery}.destination AND s.reason IS NOT NULL) THEN 'suppressed' END`;

/** SQL: when a delivery that waits is looked at again; at its deadline at the latest, to be recorded as expired then. */
const notAfterDeadline = (delivery: string, plan = delivery): string =>
  `least(now() + ${plan}.delay * interval '1 second', CASE WHEN ${plan}.delay IS NOT NULL THEN ${delivery}.expires_at END)`;

/**
 * The deliveries' table as the sending process sees it. Every write is one statement for many deliveries; all times are the
 * database's, so that the clocks of replicas do not matter. Statements end in a SELECT, because TypeORM answers an UPDATE with
 * a pair of rows and count.
 */
export class DeliveryStore<Content = unknown> {
  constructor(
    private readonly db: SqlRunner,
    private readonly options: StoreOptions,
  ) {}

  /**
   * Records a new delivery as sending with its first attempt; as expired when it came too late; as cancelled when its event was; as
   * suppressed when nothing may be sent to the address any more.
   * @returns the delivery, or undefined when it must not be sent: it was known before and somebody else has it, or its
   *   recipient was erased since
   */
  readonly begin = batched(
    async (rows: readonly (NewDelivery<Content> & { readonly provider: string })[]) => {
      // In order of the key: two replicas that insert the same redelivered rows wait for each other instead of deadlocking.
      const ordered = [...rows].sort((one, other) => (one.id < other.id ? -1 : 1));
      const { items, contents } = contentsApart(ordered);
      const begun: ClaimedDelivery<Content>[] = await this.db.query(
        `WITH item AS (
           SELECT item.*, ${refused('item')} AS refused,
             convert_from(substring($3::bytea FROM content_from FOR content_for), 'UTF8')::jsonb AS words
           FROM ROWS FROM (json_populate_recordset(null::deliveries, $1),
             json_to_recordset($1) AS (content_from int, content_for int)) AS item
           WHERE ${notErased('item')}
           -- Keeps what was found to be refused from being asked again for each column.
           OFFSET 0
         ), d AS (
           INSERT INTO deliveries (tenant, id, notification_id, event_id, recipient, type, category, lane, ${templateColumns}, destination,
             destination_name, content, expires_at, traceparent, created_at, updated_at, status, attempts, provider, lease_until)
           SELECT tenant, id, notification_id, event_id, recipient, type, category, lane, ${templateValues}, destination,
             destination_name, words, expires_at, traceparent, created_at, now(),
             coalesce(refused, 'sending'),
             CASE WHEN refused IS NULL THEN 1 ELSE 0 END,
             CASE WHEN refused IS NULL THEN provider END,
             CASE WHEN refused IS NULL THEN now() + $2 * interval '1 second' END
           FROM item
           ON CONFLICT (tenant, id) DO NOTHING
           RETURNING tenant, id, status, provider, attempts, round_start, updated_at, expires_at
         ), attempt AS (
           INSERT INTO attempts (tenant, delivery_id, number, provider, outcome, started_at)
           SELECT tenant, id, 1, provider, 'sending', now() FROM d WHERE status = 'sending'
         )
         SELECT tenant, id, status, provider, attempts, round_start, updated_at,
           extract(epoch FROM expires_at - now())::float8 AS expires_in FROM d`,
        [items, this.options.leaseSeconds, contents],
      );
      const byKey = new Map(begun.map((row) => [keyOf(row), row]));
      return rows.map((row) => {
        const claimed = byKey.get(keyOf(row));
        // The same delivery twice in one batch: only the first caller gets it.
        byKey.delete(keyOf(row));
        return claimed && { ...row, ...claimed, provider_message_id: null, error: null, age: 0, quiet: 0 };
      });
    },
    { max: 200 },
  );

  /**
   * Records a new delivery that is not sent now: as queued until it may be, or as failed.
   * @returns what to tell, or undefined when it was known before or its recipient was erased since
   */
  readonly putAside = batched(async (rows: readonly PutAside<Content>[]) => {
    const ordered = [...rows].sort((one, other) => (one.id < other.id ? -1 : 1));
    const facts: DeliveryFact[] = await this.db.query(
      `WITH item AS (
         SELECT item.*, plan.delay, ${refused('item')} AS refused FROM json_populate_recordset(null::deliveries, $1) AS item
         JOIN json_to_recordset($1) AS plan(tenant text, id uuid, delay float8) USING (tenant, id)
         WHERE ${notErased('item')}
       ), d AS (
         INSERT INTO deliveries (tenant, id, notification_id, event_id, recipient, type, category, lane, ${templateColumns}, destination,
           destination_name, content, expires_at, traceparent, created_at, updated_at, attempts, status, failure, error,
           next_attempt_at)
         SELECT tenant, id, notification_id, event_id, recipient, type, category, lane, ${templateValues}, destination,
           destination_name, content, expires_at, traceparent, created_at, now(), 0, coalesce(refused, status),
           CASE WHEN refused IS NULL THEN failure END, CASE WHEN refused IS NULL THEN error END,
           CASE WHEN refused IS NULL THEN ${notAfterDeadline('item')} END
         FROM item
         ON CONFLICT (tenant, id) DO NOTHING
         RETURNING *
       )
       SELECT ${factColumns} FROM d`,
      [JSON.stringify(ordered)],
    );
    const byKey = new Map(facts.map((row) => [keyOf(row), row]));
    return rows.map((row) => byKey.get(keyOf(row)));
  });

  /**
   * Begins another attempt at a delivery that this process has claimed.
   * @returns undefined when it may not be sent any more: cancelled, erased, or taken by another
   */
  readonly start = batched(async (starts: readonly Start[]) => {
    const rows: ClaimedDelivery<Content>[] = await this.db.query(
      `WITH item AS (
         SELECT * FROM json_to_recordset($1) AS item(tenant text, id uuid, attempts int, provider text)
       ), d AS (
         UPDATE deliveries d
         SET status = 'sending', attempts = d.attempts + 1, provider = item.provider, next_attempt_at = NULL,
             lease_until = now() + $2 * interval '1 second', updated_at = now()
         FROM item
         WHERE ${namedBy('d.id', 'item.id')} AND d.attempts = item.attempts AND d.status IN ('queued', 'retrying')
         RETURNING d.*
       ), attempt AS (
         INSERT INTO attempts (tenant, delivery_id, number, provider, outcome, started_at)
         SELECT tenant, id, attempts, provider, 'sending', now() FROM d
       )
       SELECT ${claimColumns} FROM d`,
      [JSON.stringify(starts), this.options.leaseSeconds],
    );
    const byKey = new Map(rows.map((row) => [keyOf(row), row]));
    return starts.map((start) => byKey.get(keyOf(start)));
  });

  /**
   * Records that an attempt failed on the provider's side, and begins the next one at once with another. It uses up no retry.
   * @returns undefined when the delivery had moved on
   */
  readonly failOver = batched(async (failures: readonly FailOver[]) => {
    const rows: ClaimedDelivery<Content>[] = await this.db.query(
      `WITH item AS (
         SELECT * FROM json_to_recordset($1) AS item(tenant text, id uuid, number int, outcome text, error text,
           error_code text, next_provider text)
       ), failed AS (
         UPDATE attempts a
         SET outcome = item.outcome, error = item.error, error_code = item.error_code, finished_at = now()
         FROM item WHERE ${namedBy('a.delivery_id', 'item.id')} AND a.number = item.number
       ), d AS (
         UPDATE deliveries d
         SET attempts = d.attempts + 1, round_start = d.round_start + 1, provider = item.next_provider, error = item.error,
             error_code = item.error_code, lease_until = now() + $2 * interval '1 second', updated_at = now()
         FROM item
         WHERE ${namedBy('d.id', 'item.id')} AND d.attempts = item.number AND d.status = 'sending'
         RETURNING d.*
       ), attempt AS (
         INSERT INTO attempts (tenant, delivery_id, number, provider, outcome, started_at)
         SELECT tenant, id, attempts, provider, 'sending', now() FROM d
       )
       SELECT ${claimColumns} FROM d`,
      [JSON.stringify(failures), this.options.leaseSeconds],
    );
    const byKey = new Map(rows.map((row) => [keyOf(row), row]));
    return failures.map((failure) => byKey.get(keyOf(failure)));
  });

  /** Reads what is to be told about a delivery; undefined for one that was erased. */
  readonly fact = batched(async (keys: readonly { tenant: string; id: string }[]) => {
    const rows: DeliveryFact[] = await this.db.query(
      `WITH item AS (SELECT * FROM json_to_recordset($1) AS item(tenant text, id uuid))
       SELECT ${factColumns} FROM deliveries d JOIN item ON ${namedBy('d.id', 'item.id')}`,
      [JSON.stringify(keys)],
    );
    const byKey = new Map(rows.map((row) => [keyOf(row), row]));
    return keys.map((key) => byKey.get(keyOf(key)));
  });

  /**
   * Records how an attempt ended. The delivery changes only where the happening may change it, and only by its latest attempt;
   * that the provider took the message is true whichever attempt says it.
   * @returns what to tell, or undefined when the delivery had moved on
   */
  readonly settle = batched(
    async (settlements: readonly Settlement[]) => {
      const rows: DeliveryFact[] = await this.db.query(
        `WITH item AS (
           SELECT * FROM json_to_recordset($1) AS item(tenant text, id uuid, number int, status text, failure text,
             changed_from text[], outcome text, error text, error_code text, provider_message_id text, delay float8, keep_lease boolean)
         ), attempt AS (
           UPDATE attempts a
           SET outcome = item.outcome, error = item.error, error_code = item.error_code,
               provider_message_id = item.provider_message_id, finished_at = now()
           FROM item
           WHERE ${namedBy('a.delivery_id', 'item.id')} AND a.number = item.number AND item.outcome IS NOT NULL
         ), d AS (
           UPDATE deliveries d
           SET status = item.status, failure = item.failure, error = item.error, error_code = item.error_code,
               provider_message_id = coalesce(item.provider_message_id, d.provider_message_id),
               next_attempt_at = ${notAfterDeadline('d', 'item')},
               lease_until = CASE WHEN item.keep_lease THEN now() + $2 * interval '1 second' END,
               sent_at = CASE WHEN item.status = 'sent' THEN now() ELSE d.sent_at END,
               updated_at = now()
           FROM item
           WHERE ${namedBy('d.id', 'item.id')} AND d.status = ANY (item.changed_from)
             AND (d.attempts = item.number OR item.outcome = 'accepted')
           RETURNING d.*
         )
         SELECT ${factColumns} FROM d`,
        [JSON.stringify(settlements), this.options.leaseSeconds],
      );
      const byKey = new Map(rows.map((row) => [keyOf(row), row]));
      return settlements.map((settlement) => byKey.get(keyOf(settlement)));
    },
    { gather: (done) => (this.options.gather ?? setImmediate)(done) },
  );

  /**
   * Gives up the lease after the outcome was published; an uncertain delivery may be planned for another attempt, or for a look
   * at what the provider knows of it.
   */
  readonly release = batched(async (releases: readonly Release[]) => {
    await this.db.query(
      `WITH item AS (
         SELECT * FROM json_to_recordset($1) AS item(tenant text, id uuid, resend_in float8, look_up_in float8)
       )
       UPDATE deliveries d
       SET lease_until = NULL,
           status = CASE WHEN d.status = 'uncertain' AND item.resend_in IS NOT NULL THEN 'retrying' ELSE d.status END,
           next_attempt_at = CASE WHEN d.status = 'uncertain' THEN now() + coalesce(item.resend_in, item.look_up_in) * interval '1 second'
             ELSE d.next_attempt_at END,
           updated_at = CASE WHEN d.status = 'uncertain' AND item.resend_in IS NOT NULL THEN now() ELSE d.updated_at END
       FROM item
       WHERE ${namedBy('d.id', 'item.id')} AND d.status <> 'sending'`,
      [JSON.stringify(releases)],
    );
    return releases.map(() => undefined);
  });

  /**
   * Takes what is due, the most urgent lane first: retries, what was put aside, uncertain ones to be looked up. Those whose deadline
   * passed become expired, those whose event was cancelled so too, those to whom nothing may be sent any more suppressed. An attempt begins only with {@link start}.
   * Replicas that ask at the same time get different ones.
   */
  claimDue(most: number): Promise<ClaimedDelivery<Content>[]> {
    return this.updateReturning(
      `WITH due AS (
         SELECT tenant, id, CASE WHEN status <> 'uncertain' THEN ${refused('deliveries')} END AS refused FROM deliveries
         WHERE next_attempt_at <= now() AND lease_until IS NULL
         ORDER BY array_position(ARRAY['urgent', 'normal', 'bulk'], lane), next_attempt_at
         LIMIT $1 FOR UPDATE SKIP LOCKED
       ), d AS (
         UPDATE deliveries d
         SET status = coalesce(refused, status), lease_until = now() + $2 * interval '1 second',
             next_attempt_at = CASE WHEN refused IS NULL THEN next_attempt_at END,
             updated_at = CASE WHEN refused IS NULL THEN updated_at ELSE now() END
         FROM due WHERE ${namedBy('d.id', 'due.id')}
         RETURNING d.*
       )
       SELECT ${claimColumns} FROM d
       ORDER BY array_position(ARRAY['urgent', 'normal', 'bulk'], lane), next_attempt_at`,
      [most, this.options.leaseSeconds],
    );
  }

  /**
   * Takes deliveries whose lease ran out: whoever had them died or lost the database. What was being sent becomes uncertain;
   * the others only wait for their outcome to be published.
   */
  claimLost(most: number): Promise<ClaimedDelivery<Content>[]> {
    return this.updateReturning(
      `WITH lost AS (
         SELECT tenant, id, attempts, status = 'sending' AS unfinished FROM deliveries
         WHERE lease_until <= now() ORDER BY lease_until LIMIT $1 FOR UPDATE SKIP LOCKED
       ), attempt AS (
         UPDATE attempts a SET outcome = 'uncertain', error = $2, finished_at = now()
         FROM lost
         WHERE unfinished AND ${namedBy('a.delivery_id', 'lost.id')} AND a.number = lost.attempts
       ), d AS (
         UPDATE deliveries d
         SET status = CASE WHEN unfinished THEN 'uncertain' ELSE status END,
             error = CASE WHEN unfinished THEN $2 ELSE error END,
             error_code = CASE WHEN unfinished THEN NULL ELSE error_code END,
             updated_at = CASE WHEN unfinished THEN now() ELSE updated_at END,
             lease_until = now() + $3 * interval '1 second'
         FROM lost WHERE ${namedBy('d.id', 'lost.id')}
         RETURNING d.*
       )
       SELECT ${claimColumns} FROM d`,
      [most, lostAttempt, this.options.leaseSeconds],
    );
  }

  /**
   * Makes due what waits for a reason that is gone.
   * @param reason the error that it was put aside with
   * @returns how many
   */
  async hasten(tenant: string, reason: string): Promise<number> {
    const [{ count }] = await this.db.query(
      `WITH d AS (
         UPDATE deliveries SET next_attempt_at = now()
         WHERE tenant = $1 AND status IN ('queued', 'retrying') AND error = $2 AND next_attempt_at > now() AND lease_until IS NULL
         RETURNING 1
       ) SELECT count(*)::int AS count FROM d`,
      [tenant, reason],
    );
    return count;
  }

  private updateReturning(sql: string, parameters: unknown[]): Promise<ClaimedDelivery<Content>[]> {
    return this.db.query(sql, parameters);
  }
}

function keyOf({ tenant, id }: { tenant: string; id: string }): string {
  return `${tenant} ${id}`;
}

/**
 * Contents travel as bytes beside the other columns: within their JSON PostgreSQL would read each of them three times, which for
 * emails of 10 KB was a third of the statement's work.
 */
function contentsApart<Content>(rows: readonly NewDelivery<Content>[]): { items: string; contents: Buffer } {
  const contents = rows.map(({ content }) => Buffer.from(JSON.stringify(content)));
  let from = 1;
  const items = rows.map((row, index) => {
    const { length } = contents[index]!;
    const item = { ...row, content: undefined, content_from: from, content_for: length };
    from += length;
    return item;
  });
  return { items: JSON.stringify(items), contents: Buffer.concat(contents) };
}
