import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Recipients with contacts, the events that were seen, and one notification with its decision per event and recipient. */
export class CreatePreferences0001 implements MigrationInterface {
  name = 'CreatePreferences0000000000001';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE recipients (
        tenant      text        NOT NULL,
        id          text        NOT NULL,
        name        text,
        locale      text        NOT NULL,
        time_zone   text        NOT NULL,
        roles       text[]      NOT NULL,
        tags        text[]      NOT NULL,
        attributes  jsonb       NOT NULL,
        -- Read with every decision and always replaced as a whole, so they stand in the row: [{channel, address, …}], primary first.
        contacts    jsonb       NOT NULL,
        preferences jsonb       NOT NULL DEFAULT '{}',
        created_at  timestamptz NOT NULL DEFAULT now(),
        updated_at  timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant, id)
      )`);
    await db.query(`
      CREATE TABLE events (
        tenant         text        NOT NULL,
        id             uuid        NOT NULL,
        source         text        NOT NULL,
        cloud_event_id text        NOT NULL,
        type           text        NOT NULL,
        first_at       timestamptz NOT NULL,
        status         text        NOT NULL CHECK (status IN ('scheduled', 'decided')),
        send_at        timestamptz,
        deduplicated   boolean     NOT NULL,
        PRIMARY KEY (tenant, id),
        UNIQUE (tenant, source, cloud_event_id)
      )`);
    await db.query(`
      CREATE TABLE notifications (
        tenant       text        NOT NULL,
        recipient    text        NOT NULL,
        id           uuid        NOT NULL,
        event_id     uuid        NOT NULL,
        event_type   text        NOT NULL,
        event_source text        NOT NULL,
        type         text        NOT NULL,
        category     text        NOT NULL,
        priority     text        NOT NULL,
        created_at   timestamptz NOT NULL,
        channels     jsonb       NOT NULL,
        deliveries   jsonb       NOT NULL,
        PRIMARY KEY (tenant, recipient, id)
      )`);
    await db.query('CREATE UNIQUE INDEX notifications_by_id ON notifications (tenant, id)');
    await db.query('CREATE INDEX notifications_by_event ON notifications (tenant, event_id)');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE notifications, events, recipients');
  }
}
