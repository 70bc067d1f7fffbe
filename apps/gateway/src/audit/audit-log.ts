import { Injectable } from '@nestjs/common';
import { freshId, Problem } from '@carillon/contracts';
import { DataSource } from 'typeorm';
import type { AuditEntry, Begun, Ended } from './audit-entry.ts';

/** Which entries are wanted. */
export interface AuditFilter {
  /** Id or name of who acted. */
  actor?: string;
  /** An action, or the first parts of its name. */
  action?: string;
  /** A target, or the first parts of it. */
  target?: string;
  from?: string;
  to?: string;
}

/** What came of recomputing the chain of a tenant's log, or of a part of it. */
export interface Verified {
  intact: boolean;
  rows: number;
  /** The first row that is not as it was written, or before which one is missing. */
  broken_at: number | null;
  /** The last row that was looked at. */
  last: number;
  /** Its hash. Kept elsewhere it proves later that nothing up to it was changed. */
  head: string | null;
  /** There are rows after it: go on there. */
  more: boolean;
}

/** Rows whose hashes are recomputed with one request at most. */
const verifiedAtOnce = 50_000;

// An action ends within minutes; so the other partitions need not be looked into. Each is looked up by itself: joined with one
// another, thousands of rows were compared with thousands as long as nothing was known about a new partition.
const endOf = `
  FROM audit_log e
  WHERE e.tenant = a.tenant AND e.id = a.id AND e.step = 'ended' AND e.at >= a.at AND e.at < a.at + interval '1 day'
  LIMIT 1`;

/** @param begun which rows were begun */
const entries = (begun: string) => `
  SELECT a.id, a.seq::float8 AS seq, a.at, e.at AS ended_at,
    CASE WHEN e.status IS NULL THEN 'started' WHEN e.status < 400 THEN 'done' WHEN e.status < 500 THEN 'refused' ELSE 'failed' END
      AS outcome,
    e.status, e.code,
    json_build_object('kind', a.actor_kind, 'id', a.actor_id, 'name', a.actor_name, 'role', a.actor_role) AS actor,
    a.action, coalesce(e.target, a.target) AS target, a.ip, a.request_id, a.input, e.before, e.after
  FROM (SELECT * FROM audit_log a WHERE a.tenant = $1 AND a.step = 'begun' AND ${begun}) a
  LEFT JOIN LATERAL (SELECT e.at, e.status, e.code, e.target, e.before, e.after ${endOf}) e ON true
  ORDER BY a.seq DESC`;

const wanted = `
      ($2::text IS NULL OR a.actor_id = $2 OR a.actor_name = $2)
  AND ($3::text IS NULL OR a.action = $3 OR starts_with(a.action, $3 || '.'))
  AND ($4::text IS NULL OR (
    SELECT target = $4 OR starts_with(target, $4 || '/')
    FROM (SELECT coalesce((SELECT e.target ${endOf}), a.target) AS target) named))
  AND ($5::timestamptz IS NULL OR a.at >= $5) AND ($6::timestamptz IS NULL OR a.at < $6)
  AND ($7::bigint IS NULL OR a.seq < $7)
  ORDER BY a.seq DESC LIMIT $8`;

const insertBegun = `
  INSERT INTO audit_log (tenant, id, step, actor_kind, actor_id, actor_name, actor_role, action, target, ip, request_id, input)
  VALUES ($1, $2, 'begun', $3, $4, $5, $6, $7, $8, $9, $10, $11)`;
const insertEnded = `
  INSERT INTO audit_log (tenant, id, step, status, code, target, before, after) VALUES ($1, $2, 'ended', $3, $4, $5, $6, $7)`;

type Sql = Pick<DataSource, 'query'>;

/** Who did what in a tenant. Rows are only ever added: one before anything is done, and one when it has ended. */
@Injectable()
export class AuditLog {
  constructor(private readonly db: DataSource) {}

  /** To be awaited before anything is done. @returns the action's id, for {@link end} */
  async begin({ tenant, actor, action, target, ip, request_id, input }: Begun, db: Sql = this.db): Promise<string> {
    const id = freshId();
    const who = [actor.kind, actor.id, actor.name, actor.role];
    await db.query(insertBegun, [tenant, id, ...who, action, target, ip, request_id, json(input)]);
    return id;
  }

  async end(
    tenant: string,
    id: string,
    { status, code, target, before, after }: Ended,
    db: Sql = this.db,
  ): Promise<void> {
    const values = [tenant, id, status, code ?? null, target ?? null, json(before), json(after)];
    await db.query(insertEnded, values);
  }

  /** What was refused before it began, or what the service did by itself. */
  async record(begun: Begun, ended: Ended, db: Sql = this.db): Promise<void> {
    await this.end(begun.tenant, await this.begin(begun, db), ended, db);
  }

  /** Newest first. @param after the `seq` after which the page begins */
  async list(
    tenant: string,
    { actor, action, target, from, to }: AuditFilter,
    { limit, after }: { limit: number; after: string | null },
  ): Promise<{ data: AuditEntry[]; next: string | null }> {
    const rows: AuditEntry[] = await this.db.query(entries(wanted), [
      tenant,
      actor ?? null,
      action ?? null,
      target ?? null,
      from ?? null,
      to ?? null,
      after,
      limit + 1,
    ]);
    const data = rows.slice(0, limit);
    return { data, next: rows.length > limit ? String(data.at(-1)!.seq) : null };
  }

  /** @throws Problem 404 */
  async get(tenant: string, id: string): Promise<AuditEntry> {
    const [row] = await this.db.query<AuditEntry[]>(entries('a.id = $2'), [tenant, id]);
    if (!row) throw Problem.notFound('audit entry', id);
    return row;
  }

  /**
   * Recomputes the hashes of the rows from a place on. What retention has dropped is missing from the beginning, which is no break.
   * @param from the last place of the part before; 0: from the beginning
   */
  async verify(tenant: string, from: number): Promise<Verified> {
    const [row] = await this.db.query<[Omit<Verified, 'intact' | 'more'> & { head_seq: number; known_head: string }]>(
      `WITH part AS (
         SELECT seq, hash, previous, audit_hash(a) AS computed FROM audit_log a
         WHERE tenant = $1 AND seq >= $2 ORDER BY seq LIMIT $3),
       chain AS (
         SELECT seq, hash, (hash <> computed
           OR seq <> lag(seq, 1, seq - 1) OVER places + 1
           OR previous <> lag(hash, 1, previous) OVER places) AS broken
         FROM part WINDOW places AS (ORDER BY seq))
       SELECT (SELECT count(*)::int FROM chain) AS rows,
         (SELECT min(seq)::float8 FROM chain WHERE broken) AS broken_at,
         coalesce((SELECT max(seq)::float8 FROM chain), 0) AS last,
         (SELECT encode(hash, 'hex') FROM chain ORDER BY seq DESC LIMIT 1) AS head,
         coalesce((SELECT seq::float8 FROM audit_heads WHERE tenant = $1), 0) AS head_seq,
         (SELECT encode(hash, 'hex') FROM audit_heads WHERE tenant = $1) AS known_head`,
      [tenant, from, verifiedAtOnce],
    );
    const { head_seq, known_head, ...part } = row;
    const more = part.rows === verifiedAtOnce && part.last < head_seq;
    // Rows that were taken away at the end leave no gap behind.
    const ends = more || part.rows === 0 || (head_seq === part.last && known_head === part.head);
    const broken_at = part.broken_at ?? (ends ? null : part.last + 1);
    return { intact: broken_at === null, ...part, broken_at, more };
  }
}

function json(value: unknown): string | null {
  return value === undefined || value === null ? null : JSON.stringify(value);
}
