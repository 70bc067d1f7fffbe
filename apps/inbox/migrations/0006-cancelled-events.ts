import { cancelledEventsTable } from '@carillon/persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Of which event a notification is, and which events were cancelled: what still comes of those is not stored. */
export class CancelledEvents0006 implements MigrationInterface {
  name = 'CancelledEvents0000000000006';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE notifications ADD COLUMN event_id uuid');
    await runner.query(cancelledEventsTable);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE cancelled_events');
    await runner.query('ALTER TABLE notifications DROP COLUMN event_id');
  }
}
