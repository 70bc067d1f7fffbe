import { batched, prepared, type SqlRunner } from '@carillon/persistence';
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

interface Owned {
  asked: Asked;
  owner: string;
}

/** A request that wants to be carried out. */
export interface Candidate extends Owned {
  /** When it came, if it is the first. */
  now: Date;
  /** Whoever has not answered by then has died. */
  leaseMs: number;
}

/** Keys and what was answered under them. Requests of a tenant that are there together share their statements. */
export class KeptAnswers {
  private readonly hot: SqlRunner;

  /**
   * Claims a key for whoever is to carry its request out, unless somebody has. No two of one key at the same time: they might share a
   * statement, which cannot meet its own rows.
   */
  readonly claim = batched<Candidate, Claim>(
    async (candidates) => {
      const { tenant } = candidates[0]!.asked;
      const keys = candidates.map(({ asked }) => asked.key);
      const claimed: { key: Buffer; first_at: Date }[] = await this.hot.query(
        `INSERT INTO idempotency_keys AS kept (tenant, key, request, first_at, expires_at, owner, leased_until)
         SELECT $1, key, request, first_at, clock_timestamp() + $7 * interval '1 hour', owner,
           clock_timestamp() + lease_ms * interval '1 ms'
         FROM unnest($2::bytea[], $3::bytea[], $4::timestamptz[], $5::uuid[], $6::int[])
           AS asked(key, request, first_at, owner, lease_ms)
         ORDER BY key
         ON CONFLICT (tenant, key) DO UPDATE SET
           request = excluded.request, owner = excluded.owner, leased_until = excluded.leased_until, answer = NULL,
           first_at = CASE WHEN kept.expires_at <= clock_timestamp() THEN excluded.first_at ELSE kept.first_at END,
           expires_at = CASE WHEN kept.expires_at <= clock_timestamp() THEN excluded.expires_at ELSE kept.expires_at END
         WHERE kept.expires_at <= clock_timestamp()
           OR (kept.answer IS NULL AND kept.leased_until <= clock_timestamp() AND kept.request = excluded.request)
         RETURNING key, first_at`,
        [
          tenant,
          keys,
          candidates.map(({ asked }) => asked.request),
          candidates.map(({ now }) => now),
          candidates.map(({ owner }) => owner),
          candidates.map(({ leaseMs }) => leaseMs),
          keptHours,
        ],
      );
      const mine = new Map(claimed.map(({ key, first_at }) => [hex(key), first_at]));
      const others = keys.filter((key) => !mine.has(hex(key)));
      const theirs = await this.find(tenant, others);
      return candidates.map(({ asked }): Claim => {
        const firstAt = mine.get(hex(asked.key));
        if (firstAt) return { kind: 'mine', firstAt };
        const row = theirs.get(hex(asked.key));
        if (row && !asked.request.equals(row.request)) return { kind: 'other_request' };
        return row?.answer ? { kind: 'answered', answer: unseal(row.answer, asked.seal) } : { kind: 'in_flight' };
      });
    },
    { concurrency: 2 },
  );

  /** Keeps what was answered, unless the owner took so long that somebody else has become it. */
  readonly keep = batched<Owned & { answer: Answer }, void>(
    async (answered) => {
      await this.hot.query(
        `UPDATE idempotency_keys AS kept SET answer = item.answer
         FROM unnest($2::bytea[], $3::uuid[], $4::bytea[]) AS item(key, owner, answer)
         WHERE kept.tenant = $1 AND kept.key = ANY($2::bytea[]) AND kept.key = item.key AND kept.owner = item.owner
           AND kept.answer IS NULL`,
        [
          answered[0]!.asked.tenant,
          answered.map(({ asked }) => asked.key),
          answered.map(({ owner }) => owner),
          answered.map(({ answer, asked }) => seal(answer, asked.seal)),
        ],
      );
      return answered.map(() => undefined);
    },
    { concurrency: 2 },
  );

  constructor(db: DataSource) {
    this.hot = prepared(db);
  }

  /** Lets the next one carry it out. The time of the first stays, and with it the ids. */
  async release({ asked: { tenant, key }, owner }: Owned): Promise<void> {
    await this.hot.query(
      `UPDATE idempotency_keys SET leased_until = '-infinity' WHERE tenant = $1 AND key = $2 AND owner = $3 AND answer IS NULL`,
      [tenant, key, owner],
    );
  }

  private async find(tenant: string, keys: Buffer[]): Promise<Map<string, { request: Buffer; answer: Buffer | null }>> {
    if (keys.length === 0) return new Map();
    const rows: { key: Buffer; request: Buffer; answer: Buffer | null }[] = await this.hot.query(
      'SELECT key, request, answer FROM idempotency_keys WHERE tenant = $1 AND key = ANY($2::bytea[])',
      [tenant, keys],
    );
    return new Map(rows.map((row) => [hex(row.key), row]));
  }
}

function hex(bytes: Buffer): string {
  return bytes.toString('hex');
}
