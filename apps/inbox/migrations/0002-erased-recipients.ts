import { erasedRecipientsTable } from '@carillon/persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who was erased: what is still on its way to their inbox is refused. */
export class ErasedRecipients0002 implements MigrationInterface {
  name = 'ErasedRecipients0000000000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(erasedRecipientsTable);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE erased_recipients');
  }
}
