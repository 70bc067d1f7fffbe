import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Dead letters that somebody has decided about, by when: for retention. */
export class SettledDeadLetters0005 implements MigrationInterface {
  name = 'SettledDeadLetters0000000000005';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE INDEX dead_letters_settled ON dead_letters (settled_at) WHERE status <> 'parked'`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP INDEX dead_letters_settled');
  }
}
