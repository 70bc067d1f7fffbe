import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A timer that has ended names nobody any more, as it holds no message any more. */
export class EndedTimers0006 implements MigrationInterface {
  name = 'EndedTimers0000000000006';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`UPDATE timers SET recipients = NULL WHERE state <> 'pending' AND recipients IS NOT NULL`);
    await runner.query(`
      COMMENT ON COLUMN timers.recipients IS
        'Everyone whom the message names, while there is one; NULL also where nobody has looked yet: timers set before there was this column'`);
  }

  async down(): Promise<void> {
    // Whom they named is gone.
  }
}
