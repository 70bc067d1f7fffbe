import { batched, prepared } from '@carillon/persistence';
import type { DataSource } from 'typeorm';
import type { Handed } from './share.ts';

/** Seconds that a window lasts, from the first request in it. */
export const windowSeconds = 60;

export interface Asked {
  tenant: string;
  bucket: string;
  count: number;
}

/** Hands out what replicas ask of windows; by the database's clock, under the locks of the windows' rows. */
export function rateStore(db: DataSource): (asked: Asked) => Promise<Handed> {
  const hot = prepared(db);
  return batched<Asked, Handed>(async (asked) => {
    // In one order, so that two replicas never wait for each other. A replica asks of a window once at a time.
    const rows: { tenant: string; bucket: string; window: string; used: string; ends_in_ms: number }[] =
      await hot.query(
        `INSERT INTO rate_windows AS kept (tenant, bucket, began_at, used)
       SELECT tenant, bucket, clock_timestamp(), count
       FROM json_to_recordset($1) AS asked(tenant text, bucket text, count int) ORDER BY tenant, bucket
       ON CONFLICT (tenant, bucket) DO UPDATE SET
         began_at = CASE WHEN kept.began_at <= clock_timestamp() - $2 * interval '1 second'
                    THEN excluded.began_at ELSE kept.began_at END,
         used = CASE WHEN kept.began_at <= clock_timestamp() - $2 * interval '1 second'
                THEN excluded.used ELSE kept.used + excluded.used END
       RETURNING tenant, bucket, began_at::text AS window, used::text,
         extract(epoch FROM began_at - clock_timestamp())::float8 * 1000 + $2 * 1000 AS ends_in_ms`,
        [JSON.stringify(asked), windowSeconds],
      );
    const byBucket = new Map(rows.map((row) => [`${row.tenant}\n${row.bucket}`, row]));
    return asked.map(({ tenant, bucket, count }) => {
      const { window, used, ends_in_ms } = byBucket.get(`${tenant}\n${bucket}`)!;
      return { window, count, used: Number(used), endsInMs: Math.max(0, ends_in_ms) };
    });
  });
}
