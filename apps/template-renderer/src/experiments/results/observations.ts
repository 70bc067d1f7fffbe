import type { ExperimentObserved } from '@carillon/contracts';
import { batched, prepared } from '@carillon/persistence';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { VariantCounts } from './counts.ts';

type Observed = ExperimentObserved & { tenant: string };

/**
 * What became of the deliveries of experiments: a row per delivery with a time per fact, so that each counts once. Of sending
 * and failing the last time is kept, because a delivery can be sent after it failed and fail after it was sent; of the others
 * the first.
 */
@Injectable()
export class Observations {
  /** Keeps a fact; those that are there together share a statement. Of an experiment that was deleted nothing is kept. */
  readonly keep: (observed: Observed) => Promise<void>;

  constructor(private readonly dataSource: DataSource) {
    const db = prepared(dataSource);
    this.keep = batched(async (facts: readonly Observed[]) => {
      await db.query(
        `INSERT INTO experiment_deliveries AS kept
           (tenant, experiment_id, delivery_id, variant, sent_at, delivered_at, failed_at, opened_at, clicked_at)
         SELECT tenant, experiment, delivery_id, min(variant),
           max(at) FILTER (WHERE what = 'sent'), min(at) FILTER (WHERE what = 'delivered'),
           max(at) FILTER (WHERE what = 'failed'), min(at) FILTER (WHERE what = 'opened'),
           min(at) FILTER (WHERE what = 'clicked')
         FROM json_to_recordset($1)
           AS fact(tenant text, experiment uuid, delivery_id uuid, variant text, what text, at timestamptz)
         WHERE EXISTS (SELECT FROM experiments e WHERE e.tenant = fact.tenant AND e.id = fact.experiment)
         GROUP BY tenant, experiment, delivery_id
         ORDER BY tenant, experiment, delivery_id
         ON CONFLICT (tenant, experiment_id, delivery_id) DO UPDATE SET
           sent_at = greatest(kept.sent_at, excluded.sent_at),
           delivered_at = least(kept.delivered_at, excluded.delivered_at),
           failed_at = greatest(kept.failed_at, excluded.failed_at),
           opened_at = least(kept.opened_at, excluded.opened_at),
           clicked_at = least(kept.clicked_at, excluded.clicked_at)`,
        [JSON.stringify(facts)],
      );
      return facts.map(() => undefined);
    });
  }

  /**
   * Counts the deliveries of an experiment by variant. What was delivered, opened or clicked was sent, and what was clicked was
   * opened, although mail programs that load no pictures do not say so. What failed after it was sent, such as a bounce, is both.
   */
  async count(tenant: string, experiment: string): Promise<Map<string, VariantCounts>> {
    const rows: (VariantCounts & { variant: string })[] = await this.dataSource.query(
      `SELECT variant,
         count(*) FILTER (WHERE sent_at IS NOT NULL OR arrived)::int AS sent,
         count(*) FILTER (WHERE delivered_at IS NOT NULL)::int AS delivered,
         count(*) FILTER (WHERE NOT arrived AND failed_at >= coalesce(sent_at, failed_at))::int AS failed,
         count(*) FILTER (WHERE opened_at IS NOT NULL OR clicked_at IS NOT NULL)::int AS opened,
         count(*) FILTER (WHERE clicked_at IS NOT NULL)::int AS clicked,
         count(*)::int AS ended
       FROM (
         SELECT *, coalesce(delivered_at, opened_at, clicked_at) IS NOT NULL AS arrived
         FROM experiment_deliveries WHERE tenant = $1 AND experiment_id = $2
       ) deliveries
       GROUP BY variant`,
      [tenant, experiment],
    );
    return new Map(rows.map(({ variant, ...counts }) => [variant, counts]));
  }
}
