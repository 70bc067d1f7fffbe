import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How many requests came in the windows of the rate limits, all replicas together. */
export class RateWindows0015 implements MigrationInterface {
  name = 'RateWindows0000000000015';

  async up(db: QueryRunner): Promise<void> {
    // Unlogged: what is forgotten in a crash of PostgreSQL is a minute of counting. Half-filled pages leave room for the updates.
    await db.query(`
      CREATE UNLOGGED TABLE rate_windows (
        tenant   text        NOT NULL,
        bucket   text        NOT NULL,
        began_at timestamptz NOT NULL,
        used     bigint      NOT NULL,
        PRIMARY KEY (tenant, bucket)
      ) WITH (fillfactor = 50)`);
    await db.query(
      `COMMENT ON COLUMN rate_windows.bucket IS 'Hash of what is counted: a key, a recipient, the whole tenant'`,
    );
    await db.query(
      `COMMENT ON COLUMN rate_windows.used IS 'Handed out to replicas, which may not have used all of it'`,
    );
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE rate_windows');
  }
}
