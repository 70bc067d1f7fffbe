import type { MigrationInterface, QueryRunner } from 'typeorm';

/** By which keys a tenant's own recipient tokens are known to be genuine. */
export class TokenKeys0008 implements MigrationInterface {
  name = 'TokenKeys0000000000008';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE token_secrets (
        tenant     text        NOT NULL,
        kid        text        NOT NULL,
        sealed     text        NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        created_by text        NOT NULL,
        PRIMARY KEY (tenant, kid)
      )`);
    await db.query(`
      CREATE TABLE token_key_sets (
        tenant     text        PRIMARY KEY,
        url        text        NOT NULL,
        algorithms text[]      NOT NULL,
        issuer     text,
        audience   text        NOT NULL,
        updated_at timestamptz NOT NULL DEFAULT now(),
        updated_by text        NOT NULL
      )`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE token_key_sets, token_secrets');
  }
}
