import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Events that were accepted while RabbitMQ was away, and of whom there are some. */
export class Outbox0014 implements MigrationInterface {
  name = 'Outbox0000000000014';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE outbox_events (
        tenant    text        NOT NULL,
        place     bigint      GENERATED ALWAYS AS IDENTITY,
        event_id  text        NOT NULL,
        event     text        NOT NULL,
        bytes     int         NOT NULL,
        stored_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (tenant, place),
        UNIQUE (tenant, event_id)
      )`);
    await db.query(`
      CREATE TABLE outbox_queues (
        tenant       text        PRIMARY KEY,
        opened_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
        events       bigint      NOT NULL,
        bytes        bigint      NOT NULL,
        owner        uuid,
        leased_until timestamptz NOT NULL DEFAULT '-infinity',
        turn_at      timestamptz NOT NULL DEFAULT '-infinity'
      )`);
    await db.query(`COMMENT ON TABLE outbox_queues IS
      'Tenants with events in the outbox: what comes for them waits behind these. A queue that is empty is removed'`);
    await db.query(`COMMENT ON COLUMN outbox_queues.owner IS 'The replica that publishes them, until leased_until'`);
    await db.query(`COMMENT ON COLUMN outbox_queues.turn_at IS 'When a replica last began to; tenants take turns'`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE outbox_queues, outbox_events');
  }
}
