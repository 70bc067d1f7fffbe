import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Every catalog document that a tenant applied; the one with the highest version holds. */
export class CatalogVersions0002 implements MigrationInterface {
  name = 'CatalogVersions0000000000002';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE catalog_versions (
        tenant       text        NOT NULL,
        version      int         NOT NULL CHECK (version > 0),
        -- Not jsonb, which forgets the order of members: sources are asked in theirs.
        document     json        NOT NULL,
        text         text        NOT NULL,
        format       text        NOT NULL CHECK (format IN ('yaml', 'json')),
        applied_at   timestamptz NOT NULL DEFAULT now(),
        applied_by   text        NOT NULL,
        reverts      int,
        -- When the other services were told; until then they are told again.
        announced_at timestamptz,
        PRIMARY KEY (tenant, version)
      )`);
    await db.query(
      'CREATE INDEX catalog_versions_unannounced ON catalog_versions (tenant, version) WHERE announced_at IS NULL',
    );
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE catalog_versions');
  }
}
