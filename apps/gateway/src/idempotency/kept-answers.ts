import { prepared, type SqlRunner } from '@carillon/persistence';
import type { DataSource } from 'typeorm';
import { seal, unseal, type Answer, type Asked } from './asked.ts';

/** How long an answer is kept, from the first time that a request came with its key. */
export const keptHours = 24;

/** What a key stands for. */
export type Claim =
  /** Nobody has answered it yet and nobody is about to: whoever asks carries it out. */
  | { kind: 'mine'; firstAt: Date }
  | { kind: 'answered'; answer: Answer }
  | { kind: 'in_flight' }
  | { kind: 'other_request' };

/** Keys and what was answered under them. */
export class KeptAnswers {
  private readonly hot: SqlRunner;

  constructor(db: DataSource) {
    this.hot = prepared(db);
  }

  /**
   * Claims a key for whoever is to carry its request out, unless somebody has.
   * @param now when it came, if it is the first
   * @param leaseMs whoever has not answered by then has died
   */
  async claim(
    { tenant, key, request, seal: sealKey }: Asked,
    owner: string,
    now: Date,
    leaseMs: number,
  ): Promise<Claim> {
    const [row] = await this.hot.query(
      `WITH claimed AS (
         INSERT INTO idempotency_keys AS kept (tenant, key, request, first_at, expires_at, owner, leased_until)
         VALUES ($1, $2, $3, $4, clock_timestamp() + $7 * interval '1 hour', $5, clock_timestamp() + $6 * interval '1 ms')
         ON CONFLICT (tenant, key) DO UPDATE SET
           request = excluded.request, owner = excluded.owner, leased_until = excluded.leased_until, answer = NULL,
           first_at = CASE WHEN kept.expires_at <= clock_timestamp() THEN excluded.first_at ELSE kept.first_at END,
           expires_at = CASE WHEN kept.expires_at <= clock_timestamp() THEN excluded.expires_at ELSE kept.expires_at END
         WHERE kept.expires_at <= clock_timestamp()
           OR (kept.answer IS NULL AND kept.leased_until <= clock_timestamp() AND kept.request = excluded.request)
         RETURNING first_at)
       SELECT true AS mine, first_at, NULL::bytea AS request, NULL::bytea AS answer FROM claimed
       UNION ALL
       SELECT false, first_at, request, answer FROM idempotency_keys
       WHERE tenant = $1 AND key = $2 AND NOT EXISTS (SELECT FROM claimed)`,
      [tenant, key, request, now, owner, leaseMs, keptHours],
    );
    // None: somebody has claimed it since the statement began.
    if (!row) return { kind: 'in_flight' };
    if (row.mine) return { kind: 'mine', firstAt: row.first_at };
    if (!request.equals(row.request)) return { kind: 'other_request' };
    return row.answer ? { kind: 'answered', answer: unseal(row.answer, sealKey) } : { kind: 'in_flight' };
  }

  /** Keeps what was answered, unless the owner took so long that somebody else has become it. */
  async keep({ tenant, key, seal: sealKey }: Asked, owner: string, answer: Answer): Promise<void> {
    await this.hot.query(
      'UPDATE idempotency_keys SET answer = $4 WHERE tenant = $1 AND key = $2 AND owner = $3 AND answer IS NULL',
      [tenant, key, owner, seal(answer, sealKey)],
    );
  }

  /** Lets the next one carry it out. The time of the first stays, and with it the ids. */
  async release({ tenant, key }: Asked, owner: string): Promise<void> {
    await this.hot.query(
      `UPDATE idempotency_keys SET leased_until = '-infinity' WHERE tenant = $1 AND key = $2 AND owner = $3 AND answer IS NULL`,
      [tenant, key, owner],
    );
  }
}
