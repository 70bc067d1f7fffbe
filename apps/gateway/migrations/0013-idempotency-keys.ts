import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What requests with an `Idempotency-Key` were answered, for a day. Hashes and sealed answers only. */
export class IdempotencyKeys0013 implements MigrationInterface {
  name = 'IdempotencyKeys0000000000013';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE idempotency_keys (
        tenant       text        NOT NULL,
        key          bytea       NOT NULL,
        request      bytea       NOT NULL,
        first_at     timestamptz NOT NULL,
        expires_at   timestamptz NOT NULL,
        owner        uuid        NOT NULL,
        leased_until timestamptz NOT NULL,
        answer       bytea,
        PRIMARY KEY (tenant, key)
      )`);
    await db.query('CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (expires_at)');
    const comments = {
      key: 'Keyed hash of the route, of whose credential it was and of the key itself',
      request: 'Keyed hash of the request: another one under the same key is refused',
      first_at: 'From which the ids of what the request makes are computed, whoever carries it out in the end',
      owner: 'Who carries it out',
      leased_until: 'Who carries it out has died when there is no answer by then',
      answer:
        'Sealed with a key that is computed from the key and the request: nobody can read it who does not ask again',
    };
    for (const [column, comment] of Object.entries(comments))
      await db.query(`COMMENT ON COLUMN idempotency_keys.${column} IS '${comment}'`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE idempotency_keys');
  }
}
