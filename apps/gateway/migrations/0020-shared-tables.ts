import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Why tables have no tenant. */
export class SharedTables0020 implements MigrationInterface {
  name = 'SharedTables0000000000020';

  async up(db: QueryRunner): Promise<void> {
    await db.query(
      `COMMENT ON TABLE signed_tokens IS
         'shared by all tenants: hashes of one-time tokens, used up before it is known whose message a webhook is about'`,
    );
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('COMMENT ON TABLE signed_tokens IS NULL');
  }
}
