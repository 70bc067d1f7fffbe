import { erasedRecipientsTable } from '@carillon/persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who was erased, so that nothing older brings them back, and whether the other services have been told. */
export class ErasedRecipients0006 implements MigrationInterface {
  name = 'ErasedRecipients0000000000006';

  async up(db: QueryRunner): Promise<void> {
    await db.query(erasedRecipientsTable);
    await db.query('ALTER TABLE erased_recipients ADD COLUMN announced_at timestamptz');
    await db.query(`
      COMMENT ON COLUMN erased_recipients.erased_at IS
        'infinity while the erasure is being committed: whatever is decided until then is older than it'`);
    await db.query(
      'CREATE INDEX erased_recipients_unannounced ON erased_recipients (erased_at) WHERE announced_at IS NULL',
    );
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE erased_recipients');
  }
}
