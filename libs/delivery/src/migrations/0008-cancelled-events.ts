import { cancelledEventsTable } from '@carillon/persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Which event a delivery belongs to, and which events were cancelled. No index: ids of deliveries begin with the milliseconds of their
 * event, so the primary key finds those of one event.
 */
export class CancelledEvents0008 implements MigrationInterface {
  readonly name = 'CancelledEvents0000000000008';

  async up(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE deliveries ADD COLUMN event_id uuid');
    await db.query(cancelledEventsTable);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE cancelled_events');
    await db.query('ALTER TABLE deliveries DROP COLUMN event_id');
  }
}
