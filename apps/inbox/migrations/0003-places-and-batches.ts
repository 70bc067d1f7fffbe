import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a recipient does with a notification besides reading it; similar ones that become one; an order of their own. */
export class PlacesAndBatches0003 implements MigrationInterface {
  name = 'PlacesAndBatches0000000000003';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE notifications
        ADD COLUMN related jsonb NOT NULL DEFAULT '{}',
        ADD COLUMN locale text,
        ADD COLUMN arrived_at timestamptz,
        ADD COLUMN seen_at timestamptz,
        ADD COLUMN archived_at timestamptz,
        ADD COLUMN snoozed_until timestamptz,
        ADD COLUMN deleted_at timestamptz,
        ADD COLUMN count integer NOT NULL DEFAULT 1,
        ADD COLUMN actors jsonb,
        ADD COLUMN batch_key text,
        ADD COLUMN batch_until timestamptz`);
    await runner.query(
      `UPDATE notifications SET arrived_at = date_trunc('milliseconds', created_at), seen_at = read_at`,
    );
    // In milliseconds, as cursors are.
    await runner.query(`
      ALTER TABLE notifications
        ALTER COLUMN arrived_at SET DEFAULT date_trunc('milliseconds', now()),
        ALTER COLUMN arrived_at SET NOT NULL`);
    for (const [column, comment] of [
      ['arrived_at', 'The order of lists: when it came, or came back; while it is snoozed the time when it will'],
      [
        'deleted_at',
        'Its words are gone already; the row stays for a while, so that a redelivery does not bring it back',
      ],
      ['batch_until', 'Others with the same batch_key join it until then; NULL once it is full'],
    ]) {
      await runner.query(`COMMENT ON COLUMN notifications.${column} IS '${comment}'`);
    }

    // Lists in their order. A new row is in the first two; the others cost the inserts nothing.
    await runner.query(`
      CREATE INDEX notifications_inbox ON notifications (tenant, recipient, arrived_at, id)
        WHERE archived_at IS NULL AND deleted_at IS NULL`);
    await runner.query(`DROP INDEX notifications_unread`);
    await runner.query(`
      CREATE INDEX notifications_unread ON notifications (tenant, recipient, arrived_at, id)
        INCLUDE (snoozed_until, expires_at)
        WHERE read_at IS NULL AND archived_at IS NULL AND deleted_at IS NULL`);
    await runner.query(`
      CREATE INDEX notifications_archived ON notifications (tenant, recipient, arrived_at, id)
        WHERE archived_at IS NOT NULL AND deleted_at IS NULL`);
    await runner.query(`
      CREATE INDEX notifications_snoozed ON notifications (snoozed_until) WHERE snoozed_until IS NOT NULL`);
    await runner.query(`
      CREATE INDEX notifications_batches ON notifications (tenant, recipient, type, batch_key, batch_until)
        WHERE batch_until IS NOT NULL`);
    // For retention.
    for (const column of ['read_at', 'expires_at', 'deleted_at']) {
      await runner.query(
        `CREATE INDEX notifications_${column} ON notifications (${column}) WHERE ${column} IS NOT NULL`,
      );
    }
    // Whoever asks for a trace knows the recipient from the decision.
    await runner.query(`DROP INDEX notifications_by_id`);

    await runner.query(`
      CREATE TABLE joined_notifications (
        tenant text NOT NULL,
        recipient text NOT NULL,
        id uuid NOT NULL,
        joined uuid NOT NULL,
        PRIMARY KEY (tenant, recipient, id),
        FOREIGN KEY (tenant, recipient, joined) REFERENCES notifications ON DELETE CASCADE
      )`);
    await runner.query(`COMMENT ON TABLE joined_notifications IS 'Notifications that became one with an earlier one'`);
    await runner.query(`CREATE INDEX joined_notifications_joined ON joined_notifications (tenant, recipient, joined)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE joined_notifications');
    await runner.query('CREATE INDEX notifications_by_id ON notifications (tenant, id)');
    await runner.query(`
      ALTER TABLE notifications
        DROP COLUMN related, DROP COLUMN locale, DROP COLUMN arrived_at, DROP COLUMN seen_at, DROP COLUMN archived_at,
        DROP COLUMN snoozed_until, DROP COLUMN deleted_at, DROP COLUMN count, DROP COLUMN actors,
        DROP COLUMN batch_key, DROP COLUMN batch_until`);
    await runner.query(`
      CREATE INDEX notifications_unread ON notifications (tenant, recipient, id) INCLUDE (expires_at)
        WHERE read_at IS NULL`);
    for (const column of ['read_at', 'expires_at']) await runner.query(`DROP INDEX notifications_${column}`);
  }
}
