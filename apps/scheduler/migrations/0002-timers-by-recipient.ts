import { erasedRecipientsTable } from '@carillon/persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whom timers are about, so that a person can be found in them, and who was erased. */
export class TimersByRecipient0002 implements MigrationInterface {
  name = 'TimersByRecipient0000000000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE timers ADD COLUMN recipients text[]');
    await runner.query(`
      COMMENT ON COLUMN timers.recipients IS
        'Everyone whom the message names; NULL where nobody has looked yet: timers set before there was this column'`);
    await runner.query(`CREATE INDEX timers_by_recipient ON timers USING gin (recipients) WHERE state = 'pending'`);
    await runner.query(`CREATE INDEX timers_unread ON timers (tenant) WHERE state = 'pending' AND recipients IS NULL`);
    // Once its time has passed nobody needs the message any more; whom it was about should not be kept for nothing.
    await runner.query('ALTER TABLE timers ALTER COLUMN message DROP NOT NULL');
    await runner.query(`UPDATE timers SET message = NULL WHERE state <> 'pending'`);
    await runner.query(`ALTER TABLE timers ADD CHECK (state <> 'pending' OR message IS NOT NULL)`);
    await runner.query(erasedRecipientsTable);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE erased_recipients');
    await runner.query('ALTER TABLE timers DROP COLUMN recipients');
    await runner.query(`DELETE FROM timers WHERE message IS NULL`);
    await runner.query('ALTER TABLE timers ALTER COLUMN message SET NOT NULL');
  }
}
