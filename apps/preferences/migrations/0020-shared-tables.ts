import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Why tables have no tenant. */
export class SharedTables0020 implements MigrationInterface {
  name = 'SharedTables0000000000020';

  async up(db: QueryRunner): Promise<void> {
    await db.query(
      `COMMENT ON TABLE source_bindings IS
         'shared by all tenants, read only: sources of several tenants may name the same exchange and routing key'`,
    );
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('COMMENT ON TABLE source_bindings IS NULL');
  }
}
