import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What an admin needs to look after API keys: which it is, who made it, when it was used last, what came after it. */
export class ApiKeysManaged0006 implements MigrationInterface {
  name = 'ApiKeysManaged0000000000006';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE api_keys
        ADD COLUMN prefix       text,
        ADD COLUMN created_by   text,
        ADD COLUMN last_used_at timestamptz,
        ADD COLUMN revoked_at   timestamptz,
        ADD COLUMN successor    uuid`);
    await db.query(`COMMENT ON COLUMN api_keys.prefix IS 'Its first characters; NULL where only the hash is known'`);
    await db.query('CREATE INDEX api_keys_by_tenant ON api_keys (tenant, id DESC)');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP INDEX api_keys_by_tenant');
    await db.query(`
      ALTER TABLE api_keys
        DROP COLUMN prefix, DROP COLUMN created_by, DROP COLUMN last_used_at, DROP COLUMN revoked_at, DROP COLUMN successor`);
  }
}
