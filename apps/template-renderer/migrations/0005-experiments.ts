import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Experiments, and what became of the deliveries that take part in them. */
export class Experiments0005 implements MigrationInterface {
  name = 'Experiments0000000000005';

  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      CREATE TABLE experiments (
        tenant text NOT NULL,
        id uuid NOT NULL,
        name text NOT NULL,
        type text NOT NULL,
        channel text NOT NULL,
        locale text,
        goal text NOT NULL CHECK (goal IN ('delivered', 'opened', 'clicked')),
        status text NOT NULL CHECK (status IN ('draft', 'running', 'stopped', 'promoted')),
        winner text,
        variants jsonb NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        created_by text NOT NULL,
        started_at timestamptz,
        ended_at timestamptz,
        counted jsonb,
        PRIMARY KEY (tenant, id),
        CHECK ((status = 'promoted') = (winner IS NOT NULL))
      )`);
    await query.query(
      `COMMENT ON COLUMN experiments.locale IS 'null = every language that the template had when it was made'`,
    );
    await query.query(
      `COMMENT ON COLUMN experiments.counted IS 'what came of it by variant, once its deliveries are kept no more'`,
    );
    // Two at a time over the same template would speak of each other's recipients.
    await query.query(`
      CREATE UNIQUE INDEX experiments_running ON experiments (tenant, type, channel) WHERE status = 'running'`);
    // Of nobody: the delivery is named, its recipient is not. Every fact has a place of its own, so that it counts once in
    // whatever order and however often it is told.
    await query.query(`
      CREATE TABLE experiment_deliveries (
        tenant text NOT NULL,
        experiment_id uuid NOT NULL,
        delivery_id uuid NOT NULL,
        variant text NOT NULL,
        sent_at timestamptz,
        delivered_at timestamptz,
        failed_at timestamptz,
        opened_at timestamptz,
        clicked_at timestamptz,
        PRIMARY KEY (tenant, experiment_id, delivery_id),
        FOREIGN KEY (tenant, experiment_id) REFERENCES experiments ON DELETE CASCADE
      )`);
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('DROP TABLE experiment_deliveries');
    await query.query('DROP TABLE experiments');
  }
}
