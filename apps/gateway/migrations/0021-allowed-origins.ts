import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whose pages may act for a tenant's recipients in a browser. */
export class AllowedOrigins0021 implements MigrationInterface {
  name = 'AllowedOrigins0000000000021';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE allowed_origins (
        tenant     text        PRIMARY KEY,
        origins    text[]      NOT NULL,
        updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        updated_by text        NOT NULL
      )`);
    await db.query(
      `COMMENT ON COLUMN allowed_origins.updated_at IS 'By which replicas find the lists that have changed; set it when you change one by hand'`,
    );
    await db.query('CREATE INDEX allowed_origins_updated ON allowed_origins (updated_at)');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE allowed_origins');
  }
}
