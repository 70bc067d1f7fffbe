import { Injectable } from '@nestjs/common';
import { Problem } from '@carillon/contracts';
import { batched, notErased, prepared, type Erasure, type SqlRunner } from '@carillon/persistence';
import { DataSource } from 'typeorm';
import type { Message, MessageDetail } from './endpoint.ts';
import type { KeptSecret } from './endpoints.ts';
import { payloadOf, type Fact } from './facts.ts';

/** Messages replayed with one call at most. */
export const replayedAtMost = 10_000;

const columns = `id, event, state, attempts, CASE WHEN state = 'pending' THEN next_attempt_at END AS next_attempt_at, last_status,
  last_error, created_at, settled_at`;

/** A message whose next attempt is this replica's. */
export interface Claimed {
  tenant: string;
  id: string;
  endpoint: string;
  event: string;
  body: string;
  /** The number of this attempt. */
  attempts: number;
  /** Attempts that do not count for the delays. */
  attempts_before: number;
  url: string;
  secrets: KeptSecret[];
}

/** How an attempt ended. */
export interface Ended {
  tenant: string;
  id: string;
  endpoint: string;
  number: number;
  at: string;
  duration_ms: number;
  status: number | null;
  error: string | null;
  response: string | null;
  state: 'pending' | 'delivered' | 'failed';
  /** Seconds until the next attempt of one that is pending. */
  in_seconds: number;
}

/** What is told to endpoints, and what came of it. */
@Injectable()
export class MessageStore {
  private readonly hot: SqlRunner;

  /** Keeps a fact for every endpoint that wants it; one that comes again is there already. Answers how many want it. */
  readonly keep = batched<Fact, number>(async (facts) => {
    const rows: { place: number }[] = await this.hot.query(
      `WITH fact AS (
         SELECT * FROM json_to_recordset($1)
           AS fact(place int, tenant text, id uuid, event text, recipient text, body text, created_at timestamptz)),
       kept AS (
         INSERT INTO webhook_messages (tenant, id, endpoint, event, recipient, body, created_at)
         SELECT fact.tenant, fact.id, e.id, fact.event, fact.recipient, fact.body, fact.created_at
         FROM fact JOIN webhook_endpoints e ON e.tenant = fact.tenant AND e.state = 'active'
           AND (e.events = '{}' OR fact.event = ANY (e.events) OR split_part(fact.event, '.', 1) || '.*' = ANY (e.events))
         WHERE ${notErased('fact')}
         ON CONFLICT DO NOTHING RETURNING tenant, id)
       SELECT fact.place FROM kept JOIN fact USING (tenant, id)`,
      [JSON.stringify(facts.map((fact, place) => ({ place, ...fact })))],
    );
    const wanted = facts.map(() => 0);
    for (const { place } of rows) wanted[place]! += 1;
    return wanted;
  });

  /** Records how an attempt ended, and how the endpoint is doing. Answers since when it has been failing; null: it is not. */
  readonly end = batched<Ended, Date | null>(async (ended) => {
    const items = JSON.stringify(ended);
    return this.db.transaction(async (db) => {
      // An attempt that was given up for lost and made again is another's to record; one of somebody erased is nobody's.
      await db.query(
        `WITH item AS (
           SELECT * FROM json_to_recordset($1) AS item(tenant text, id uuid, endpoint uuid, number int, at timestamptz,
             duration_ms int, status int, error text, response text, state text, in_seconds float8)),
         told AS (
           UPDATE webhook_messages m SET state = item.state, last_status = item.status, last_error = item.error,
             next_attempt_at = now() + item.in_seconds * interval '1 second',
             settled_at = CASE WHEN item.state <> 'pending' THEN now() END
           FROM item WHERE m.tenant = item.tenant AND m.id = item.id AND m.endpoint = item.endpoint
             AND m.id = ANY (ARRAY(SELECT id FROM item)) AND m.attempts = item.number AND m.state = 'pending'
           RETURNING m.tenant, m.id, m.endpoint)
         INSERT INTO webhook_attempts (tenant, id, endpoint, number, at, duration_ms, status, error, response)
         SELECT tenant, id, endpoint, number, at, duration_ms, status, error, response
         FROM item JOIN told USING (tenant, id, endpoint) ON CONFLICT DO NOTHING`,
        [items],
      );
      const rows = await db.query<{ tenant: string; id: string; failing_since: Date | null }[]>(
        `WITH item AS (
           SELECT tenant, endpoint, bool_or(state = 'delivered') AS delivered
           FROM json_to_recordset($1) AS item(tenant text, endpoint uuid, state text) GROUP BY tenant, endpoint),
         changed AS (
           UPDATE webhook_endpoints e SET failing_since = CASE WHEN item.delivered THEN NULL ELSE now() END
           FROM item WHERE e.tenant = item.tenant AND e.id = item.endpoint AND item.delivered = (e.failing_since IS NOT NULL)
           RETURNING e.tenant, e.id, e.failing_since)
         SELECT e.tenant, e.id, CASE WHEN c.id IS NULL THEN e.failing_since ELSE c.failing_since END AS failing_since
         FROM item JOIN webhook_endpoints e ON e.tenant = item.tenant AND e.id = item.endpoint
           LEFT JOIN changed c ON c.tenant = e.tenant AND c.id = e.id`,
        [items],
      );
      const since = new Map(rows.map(({ tenant, id, failing_since }) => [`${tenant} ${id}`, failing_since]));
      return ended.map(({ tenant, endpoint }) => since.get(`${tenant} ${endpoint}`) ?? null);
    });
  });

  constructor(private readonly db: DataSource) {
    this.hot = prepared(db);
  }

  /**
   * Takes what is due, in turns of the endpoints: one that is slow or has a long queue takes nothing from the others.
   *
   * @param busy attempts that this replica has under way, by endpoint
   * @param leaseSeconds longer than an attempt may take: whoever has not told by then how it ended has died
   * @param perEndpoint attempts under way at most; of one that is failing a single one
   */
  async claim(
    busy: readonly { tenant: string; endpoint: string; count: number }[],
    { perEndpoint, most, leaseSeconds }: { perEndpoint: number; most: number; leaseSeconds: number },
  ): Promise<Claimed[]> {
    return this.hot.query(
      `WITH busy AS (SELECT * FROM json_to_recordset($1) AS busy(tenant text, endpoint uuid, count int)),
       due AS (
         SELECT e.tenant, e.id AS endpoint, e.url, e.secrets, m.id
         FROM webhook_endpoints e LEFT JOIN busy b ON b.tenant = e.tenant AND b.endpoint = e.id
         CROSS JOIN LATERAL (
           SELECT id FROM webhook_messages
           WHERE tenant = e.tenant AND endpoint = e.id AND state = 'pending' AND next_attempt_at <= now()
           ORDER BY next_attempt_at
           LIMIT greatest(0, CASE WHEN e.failing_since IS NULL THEN $2::int ELSE 1 END - coalesce(b.count, 0))
           FOR UPDATE SKIP LOCKED) m
         WHERE e.state = 'active' LIMIT $3)
       UPDATE webhook_messages m
       SET attempts = m.attempts + 1, next_attempt_at = now() + $4 * interval '1 second'
       FROM due WHERE m.tenant = due.tenant AND m.id = due.id AND m.endpoint = due.endpoint
         AND m.id = ANY (ARRAY(SELECT id FROM due))
       RETURNING m.tenant, m.id, m.endpoint, m.event, m.body, m.attempts, m.attempts_before, due.url, due.secrets`,
      [JSON.stringify(busy), perEndpoint, most, leaseSeconds],
    );
  }

  /** A message that nothing has happened for, to see whether the endpoint takes it. @returns its id */
  async test(tenant: string, endpoint: string, id: string): Promise<string> {
    const now = new Date().toISOString();
    const body = payloadOf('webhook.test', now, { webhook_id: endpoint });
    await this.db.query(
      `INSERT INTO webhook_messages (tenant, id, endpoint, event, body, created_at)
       VALUES ($1, $2, $3, 'webhook.test', $4, $5) ON CONFLICT DO NOTHING`,
      [tenant, id, endpoint, body, now],
    );
    return id;
  }

  /** Newest first. */
  async list(
    tenant: string,
    endpoint: string,
    filter: { state?: string; event?: string; limit: number; after: string | null },
  ): Promise<{ data: Message[]; next: string | null }> {
    const { state, event, limit, after } = filter;
    const rows: Message[] = await this.db.query(
      `SELECT ${columns} FROM webhook_messages
       WHERE tenant = $1 AND endpoint = $2 AND ($3::text IS NULL OR state = $3) AND ($4::text IS NULL OR event = $4)
         AND ($5::uuid IS NULL OR id < $5)
       ORDER BY id DESC LIMIT $6`,
      [tenant, endpoint, state ?? null, event ?? null, after, limit + 1],
    );
    const data = rows.slice(0, limit);
    return { data, next: rows.length > limit ? data.at(-1)!.id : null };
  }

  /** @throws Problem 404 */
  async get(tenant: string, endpoint: string, id: string): Promise<MessageDetail> {
    const [[message], log] = await Promise.all([
      this.db.query<(Message & { body: string })[]>(
        `SELECT ${columns}, body FROM webhook_messages WHERE tenant = $1 AND id = $2 AND endpoint = $3`,
        [tenant, id, endpoint],
      ),
      this.db.query<MessageDetail['log']>(
        `SELECT number, at, duration_ms, status, error, response FROM webhook_attempts
         WHERE tenant = $1 AND id = $2 AND endpoint = $3 ORDER BY number`,
        [tenant, id, endpoint],
      ),
    ]);
    if (!message) throw Problem.notFound('webhook message', id);
    return { ...message, log };
  }

  /** Tells one again, whatever came of it before. @throws Problem 404 */
  async replay(tenant: string, endpoint: string, id: string): Promise<Message> {
    const [[message]] = await this.db.query<[Message[], number]>(
      `UPDATE webhook_messages
       SET state = 'pending', next_attempt_at = now(), attempts_before = attempts, settled_at = NULL
       WHERE tenant = $1 AND endpoint = $2 AND id = $3 RETURNING ${columns}`,
      [tenant, endpoint, id],
    );
    if (!message) throw Problem.notFound('webhook message', id);
    return message;
  }

  /** Tells again what failed, the oldest first. */
  async replayFailed(
    tenant: string,
    endpoint: string,
    since: string,
    until: string | null,
  ): Promise<{ replayed: number; more: boolean }> {
    const [, replayed] = await this.db.query<[unknown, number]>(
      `UPDATE webhook_messages SET state = 'pending', next_attempt_at = now(), attempts_before = attempts, settled_at = NULL
       WHERE tenant = $1 AND endpoint = $2 AND state = 'failed' AND id = ANY (ARRAY(
         SELECT id FROM webhook_messages
         WHERE tenant = $1 AND endpoint = $2 AND state = 'failed' AND id >= first_id_at($3)
           AND ($4::timestamptz IS NULL OR id < first_id_at($4)) ORDER BY id LIMIT $5))`,
      [tenant, endpoint, since, until, replayedAtMost],
    );
    return { replayed, more: replayed === replayedAtMost };
  }

  /** A page of what was told about a person, newest first. */
  async about(of: { tenant: string; recipient: string; limit: number; cursor: string | null }) {
    const { tenant, recipient, limit, cursor } = of;
    const [id = null, endpoint = null] = cursor?.split(' ') ?? [];
    const rows: { id: string; endpoint: string; event: string; body: string; state: string; created_at: Date }[] =
      await this.db.query(
        `SELECT id, endpoint, event, body, state, created_at FROM webhook_messages
         WHERE tenant = $1 AND recipient = $2 AND ($3::uuid IS NULL OR (id, endpoint) < ($3, $4::uuid))
         ORDER BY id DESC, endpoint DESC LIMIT $5`,
        [tenant, recipient, id, endpoint, limit],
      );
    const last = rows.at(-1);
    return { rows, next: rows.length === limit && last ? `${last.id} ${last.endpoint}` : null };
  }
}

/** Forgets what was told about people, with what was answered. */
export async function forgetMessages(db: SqlRunner, erasures: readonly Erasure[]): Promise<void> {
  await db.query(
    `WITH erasure AS (SELECT * FROM json_to_recordset($1) AS erasure(tenant text, recipient text, erased_at timestamptz)),
     gone AS (
       DELETE FROM webhook_messages m USING erasure
       WHERE m.tenant = erasure.tenant AND m.recipient = erasure.recipient AND m.created_at <= erasure.erased_at
       RETURNING m.tenant, m.id, m.endpoint)
     DELETE FROM webhook_attempts a USING gone
     WHERE a.tenant = gone.tenant AND a.id = gone.id AND a.endpoint = gone.endpoint`,
    [JSON.stringify(erasures)],
  );
}
