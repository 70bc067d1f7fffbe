import { Injectable } from '@nestjs/common';
import { batched, prepared, type SqlRunner } from '@carillon/persistence';
import { DataSource } from 'typeorm';
import { admit, opensAt, withoutOld, type Admission, type Limit } from './admit.ts';

/** One notification that asks to pass. */
export interface ThrottleRequest extends Limit {
  tenant: string;
  recipient: string;
  /** Catalog key of the notification type. */
  type: string;
  notificationId: string;
  /** When it would go out, Unix milliseconds. */
  at: number;
}

interface ThrottleRow {
  tenant: string;
  recipient: string;
  type: string;
  admitted: readonly Admission[];
}

/**
 * Lets at most so many notifications of a type pass per recipient in any stretch of time, exactly, with any number of replicas:
 * the times stand in one row per (tenant, recipient, type), which is locked while they are counted. Only types with a throttle
 * come here.
 */
@Injectable()
export class Throttles {
  /** Asks for one to pass. Asked again for the same notification, it gives the same answer, and counts it once. */
  readonly admit = batched<ThrottleRequest, boolean>((requests) => this.admitMany(requests));

  /** What {@link admit} would answer now. */
  readonly peek = batched<ThrottleRequest, boolean>(async (requests) => {
    const rows: ThrottleRow[] = await this.hot.query(
      `SELECT tenant, recipient, type, admitted FROM throttles
       WHERE (tenant, recipient, type) IN (SELECT * FROM unnest($1::text[], $2::text[], $3::text[]))`,
      [
        requests.map(({ tenant }) => tenant),
        requests.map(({ recipient }) => recipient),
        requests.map(({ type }) => type),
      ],
    );
    const known = new Map(rows.map((row) => [keyOf(row), row.admitted]));
    return requests.map(
      (request) =>
        admit(known.get(keyOf(request)) ?? [], { id: request.notificationId, at: request.at }, request).admits,
    );
  });

  /** In how many milliseconds one that is refused at `at` would pass; 0 where it would pass now. */
  async opensIn({ tenant, recipient, type, at, ...limit }: Omit<ThrottleRequest, 'notificationId'>): Promise<number> {
    const [row]: ThrottleRow[] = await this.db.query(
      'SELECT admitted FROM throttles WHERE tenant = $1 AND recipient = $2 AND type = $3',
      [tenant, recipient, type],
    );
    return Math.max(0, opensAt(row?.admitted ?? [], limit) - at);
  }

  private readonly hot: SqlRunner;

  constructor(private readonly db: DataSource) {
    this.hot = prepared(db);
  }

  private async admitMany(requests: readonly ThrottleRequest[]): Promise<boolean[]> {
    const distinct = [...new Map(requests.map((request) => [keyOf(request), request])).values()];
    return this.db.transaction(async (db) => {
      // Locks the rows, new ones too, in one order for everybody, so that two batches never wait for each other. A row that is
      // cleaned away in between is simply made again.
      const rows: ThrottleRow[] = await db.query(
        `INSERT INTO throttles AS t (tenant, recipient, type)
         SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) AS key(tenant, recipient, type)
         ORDER BY tenant, recipient, type
         ON CONFLICT (tenant, recipient, type) DO UPDATE SET forget_at = t.forget_at
         RETURNING tenant, recipient, type, admitted`,
        [
          distinct.map(({ tenant }) => tenant),
          distinct.map(({ recipient }) => recipient),
          distinct.map(({ type }) => type),
        ],
      );
      const admitted = new Map(rows.map((row) => [keyOf(row), row.admitted]));
      const changed = new Map<string, object>();
      const answers = requests.map((request) => {
        const { tenant, recipient, type, notificationId: id, at, windowMs } = request;
        const before = admitted.get(keyOf(request))!;
        const result = admit(before, { id, at }, request);
        if (result.admitted !== before) {
          const kept = withoutOld(result.admitted, windowMs);
          admitted.set(keyOf(request), kept);
          const forgetAt = new Date(kept.at(-1)!.at + 2 * windowMs).toISOString();
          changed.set(keyOf(request), { tenant, recipient, type, admitted: kept, forget_at: forgetAt });
        }
        return result.admits;
      });
      if (changed.size > 0) {
        await db.query(
          `UPDATE throttles t SET admitted = item.admitted, forget_at = item.forget_at
           FROM json_populate_recordset(null::throttles, $1) AS item
           WHERE t.tenant = item.tenant AND t.recipient = item.recipient AND t.type = item.type`,
          [JSON.stringify([...changed.values()])],
        );
      }
      return answers;
    });
  }
}

function keyOf({ tenant, recipient, type }: Pick<ThrottleRow, 'tenant' | 'recipient' | 'type'>): string {
  return `${tenant}\n${recipient}\n${type}`;
}
