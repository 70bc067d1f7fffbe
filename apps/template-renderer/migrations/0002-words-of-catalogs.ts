import type { MigrationInterface, QueryRunner } from 'typeorm';

export class WordsOfCatalogs0002 implements MigrationInterface {
  name = 'WordsOfCatalogs0000000000002';

  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      ALTER TABLE templates
        ADD COLUMN catalog_version integer,
        ADD COLUMN withdrawn_at timestamptz`);
    await query.query(
      `COMMENT ON COLUMN templates.catalog_version IS 'of the document that brought it; null = none did'`,
    );
    await query.query(
      `COMMENT ON COLUMN templates.withdrawn_at IS 'since when the newest version is in use no more; the next template of the lookup order is'`,
    );
    await query.query(`
      CREATE TABLE catalogs (
        tenant text PRIMARY KEY,
        version integer NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now()
      )`);
    await query.query(`COMMENT ON TABLE catalogs IS 'the version of each tenant''s catalog whose words are in use'`);
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('DROP TABLE catalogs');
    await query.query('DELETE FROM templates WHERE withdrawn_at IS NOT NULL');
    await query.query('ALTER TABLE templates DROP COLUMN catalog_version, DROP COLUMN withdrawn_at');
  }
}
