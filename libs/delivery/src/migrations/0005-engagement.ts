import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Opens and clicks, with the delivery that they are about: they are looked at, exported, erased and dropped together with it, and
 * there are few. Only emails have any; the senders share the table.
 */
export class Engagement0005 implements MigrationInterface {
  readonly name = 'Engagement0000000000005';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE deliveries
        -- The first time by a person.
        ADD COLUMN opened_at  timestamptz,
        ADD COLUMN clicked_at timestamptz,
        -- Each with an id, by which a repeated one is known.
        ADD COLUMN engagement jsonb NOT NULL DEFAULT '[]'`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE deliveries DROP COLUMN opened_at, DROP COLUMN clicked_at, DROP COLUMN engagement');
  }
}
