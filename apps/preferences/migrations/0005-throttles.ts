import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What throttles let pass, per recipient and type. */
export class Throttles0005 implements MigrationInterface {
  name = 'Throttles0000000000005';

  async up(db: QueryRunner): Promise<void> {
    // One row is counted and rewritten with every notification of a throttled type: room for the new version on the same page,
    // and no index on what changes, keep that cheap. Old rows are looked for once an hour, by reading the table.
    await db.query(`
      CREATE TABLE throttles (
        tenant     text        NOT NULL,
        recipient  text        NOT NULL,
        type       text        NOT NULL,
        -- [{id, at}]: notifications with their time in Unix milliseconds, in order of time.
        admitted   jsonb       NOT NULL DEFAULT '[]',
        forget_at  timestamptz NOT NULL DEFAULT now() + interval '1 day',
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant, recipient, type)
      ) WITH (fillfactor = 70)`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE throttles');
  }
}
