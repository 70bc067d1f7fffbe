import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The inbox: one row per notification. */
export class CreateNotifications0001 implements MigrationInterface {
  name = 'CreateNotifications0000000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE notifications (
        tenant text NOT NULL,
        recipient text NOT NULL,
        id uuid NOT NULL,
        delivery_id uuid NOT NULL,
        type text NOT NULL,
        category text NOT NULL,
        priority text NOT NULL,
        title text NOT NULL,
        message text NOT NULL,
        html text,
        link text,
        image text,
        actions jsonb NOT NULL,
        metadata jsonb NOT NULL,
        actor jsonb,
        template jsonb NOT NULL,
        created_at timestamptz NOT NULL,
        expires_at timestamptz,
        read_at timestamptz,
        first_read_at timestamptz,
        read_announced boolean NOT NULL DEFAULT false,
        PRIMARY KEY (tenant, recipient, id)
      )`);
    await runner.query(`
      COMMENT ON COLUMN notifications.first_read_at IS
        'When it was read for the first time; marking it unread does not clear it, so the outcome is published once'`);
    // Ids sort by time, so the primary key read backwards is a recipient's list. Counting unread ones never looks at the
    // read ones, of which there are more every day; with expires_at included the count needs no table page.
    await runner.query(`
      CREATE INDEX notifications_unread ON notifications (tenant, recipient, id) INCLUDE (expires_at)
        WHERE read_at IS NULL`);
    // An admin asks for a trace without knowing the recipient.
    await runner.query(`CREATE INDEX notifications_by_id ON notifications (tenant, id)`);
    // Read, but the outcome is not confirmed yet: almost always empty.
    await runner.query(`
      CREATE INDEX notifications_unannounced ON notifications (tenant, recipient)
        WHERE first_read_at IS NOT NULL AND NOT read_announced`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE notifications');
  }
}
