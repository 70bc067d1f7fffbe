import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Timers of what is urgent, which do not wait behind others that are due. */
export class UrgentTimers0010 implements MigrationInterface {
  name = 'UrgentTimers0000000000010';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE timers ADD COLUMN urgent boolean NOT NULL DEFAULT false');
    await runner.query(`CREATE INDEX timers_urgent ON timers (due_at) WHERE state = 'pending' AND urgent`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE timers DROP COLUMN urgent');
  }
}
