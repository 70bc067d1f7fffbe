import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The tenants of the installation, as far as they are known by name, and what is being done about each. */
export class Tenants0010 implements MigrationInterface {
  name = 'Tenants0000000000010';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE tenants (
        tenant        text        PRIMARY KEY,
        name          text        NOT NULL,
        state         text        NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'suspended', 'erasing', 'erased')),
        reason        text,
        created_at    timestamptz NOT NULL DEFAULT now(),
        created_by    text        NOT NULL,
        changed_at    timestamptz NOT NULL DEFAULT now(),
        pending       boolean     NOT NULL DEFAULT false,
        claimed_until timestamptz NOT NULL DEFAULT now(),
        progress      jsonb       NOT NULL DEFAULT '{}'
      )`);
    await db.query(`COMMENT ON TABLE tenants IS 'an erased one stays as a tombstone: its id, without its name'`);
    await db.query(
      `COMMENT ON COLUMN tenants.pending IS 'whether there is something left to do until the state holds everywhere'`,
    );
    await db.query('CREATE INDEX tenants_pending ON tenants (claimed_until) WHERE pending');
    await db.query(`
      INSERT INTO tenants (tenant, name, created_at, created_by)
      SELECT tenant, tenant, min(created_at), 'migration' FROM api_keys GROUP BY tenant`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE tenants');
  }
}
