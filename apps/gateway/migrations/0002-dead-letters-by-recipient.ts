import { erasedRecipientsTable } from '@carillon/persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whom dead letters are about, so that a person can be found in them, and who was erased. */
export class DeadLettersByRecipient0002 implements MigrationInterface {
  name = 'DeadLettersByRecipient0000000000002';

  async up(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE dead_letters ADD COLUMN recipients text[]');
    await db.query(`
      COMMENT ON COLUMN dead_letters.recipients IS
        'Everyone whom the message names; NULL where nobody has looked yet: letters kept before there was this column'`);
    await db.query('CREATE INDEX dead_letters_by_recipient ON dead_letters USING gin (recipients)');
    await db.query('CREATE INDEX dead_letters_unread ON dead_letters (tenant) WHERE recipients IS NULL');
    await db.query(erasedRecipientsTable);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE erased_recipients');
    await db.query('ALTER TABLE dead_letters DROP COLUMN recipients');
  }
}
