import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which signatures of Mailgun were used, and for which event. Hashes only. */
export class SignedTokens0004 implements MigrationInterface {
  name = 'SignedTokens0000000000004';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE signed_tokens (
        token   bytea       PRIMARY KEY,
        event   bytea       NOT NULL,
        used_at timestamptz NOT NULL DEFAULT now()
      )`);
    await db.query('CREATE INDEX signed_tokens_by_time ON signed_tokens (used_at)');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE signed_tokens');
  }
}
