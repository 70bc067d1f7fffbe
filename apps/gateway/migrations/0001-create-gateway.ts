import type { MigrationInterface, QueryRunner } from 'typeorm';

/** API keys (hashed) and the dead letters of the whole street. */
export class CreateGateway0001 implements MigrationInterface {
  name = 'CreateGateway0000000000001';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE api_keys (
        id         uuid        PRIMARY KEY,
        tenant     text        NOT NULL,
        name       text        NOT NULL,
        hash       bytea       NOT NULL UNIQUE,
        scopes     text[]      NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz
      )`);
    await db.query(`
      CREATE TABLE dead_letters (
        tenant        text        NOT NULL,
        id            uuid        NOT NULL,
        stage         text        NOT NULL,
        error         text        NOT NULL,
        attempts      int         NOT NULL,
        parked_at     timestamptz NOT NULL,
        exchange      text        NOT NULL,
        routing_key   text        NOT NULL,
        properties    jsonb       NOT NULL,
        body          text        NOT NULL,
        body_encoding text        NOT NULL,
        status        text        NOT NULL DEFAULT 'parked' CHECK (status IN ('parked', 'replayed', 'discarded')),
        settled_at    timestamptz,
        PRIMARY KEY (tenant, id)
      )`);
    await db.query('CREATE INDEX dead_letters_by_status ON dead_letters (tenant, status, id DESC)');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE dead_letters, api_keys');
  }
}
