import { cancelledEventsTable } from '@carillon/persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which events were cancelled, for timers that are set only afterwards; all timers of an event are found, also ended ones. */
export class CancelledEvents0007 implements MigrationInterface {
  name = 'CancelledEvents0000000000007';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(cancelledEventsTable);
    await runner.query('DROP INDEX timers_of_events');
    await runner.query('CREATE INDEX timers_of_events ON timers (tenant, event_id) WHERE event_id IS NOT NULL');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX timers_of_events');
    await runner.query(
      `CREATE INDEX timers_of_events ON timers (tenant, event_id) WHERE state = 'pending' AND event_id IS NOT NULL`,
    );
    await runner.query('DROP TABLE cancelled_events');
  }
}
