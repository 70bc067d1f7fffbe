import type { ExperimentObserved } from '@carillon/contracts';
import { batched, prepared } from '@carillon/persistence';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { VariantCounts } from './counts.ts';

type Observed = ExperimentObserved & { tenant: string };
/** The experiment whose deliveries are counted. */
type Counted = { tenant: string; id: string; counted?: Record<string, VariantCounts> | null };
type Queryable = Pick<DataSource, 'query'> | EntityManager;

/**
 * What became of the deliveries of experiments: a row per delivery with a time per fact, so that each counts once. Of sending
 * and failing the last time is kept, because a delivery can be sent after it failed and fail after it was sent; of the others
 * the first.
 */
@Injectable()
export class Observations {
  /**
   * Keeps a fact; those that are there together share a statement. Of an experiment that was deleted, or counted for good, nothing
   * is kept.
   */
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
         WHERE EXISTS (
           SELECT FROM experiments e WHERE e.tenant = fact.tenant AND e.id = fact.experiment AND e.counted IS NULL
         )
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
  async count({ tenant, id, counted }: Counted, db: Queryable = this.dataSource): Promise<Map<string, VariantCounts>> {
    if (counted) return new Map(Object.entries(counted));
    const rows: (VariantCounts & { variant: string })[] = await db.query(
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
      [tenant, id],
    );
    return new Map(rows.map(({ variant, ...counts }) => [variant, counts]));
  }

  /**
   * Counts the experiments that ended so long ago for good.
   *
   * @param days after the end in which what recipients do still counts
   */
  async countForGood(days: number): Promise<void> {
    const due: Counted[] = await this.dataSource.query(
      `SELECT tenant, id FROM experiments WHERE counted IS NULL AND ended_at < now() - make_interval(days => $1)`,
      [days],
    );
    for (const experiment of due) {
      await this.dataSource.transaction(async (manager) => {
        // Nothing is added meanwhile: whoever adds to it locks the experiment too, by the foreign key.
        await manager.query('SELECT FROM experiments WHERE tenant = $1 AND id = $2 FOR UPDATE', [
          experiment.tenant,
          experiment.id,
        ]);
        const counted = Object.fromEntries(await this.count(experiment, manager));
        await manager.query('UPDATE experiments SET counted = $3 WHERE tenant = $1 AND id = $2 AND counted IS NULL', [
          experiment.tenant,
          experiment.id,
          JSON.stringify(counted),
        ]);
      });
    }
  }
}
