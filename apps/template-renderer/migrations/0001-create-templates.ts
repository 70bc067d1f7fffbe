import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateTemplates0001 implements MigrationInterface {
  name = 'CreateTemplates0000000000001';

  async up(query: QueryRunner): Promise<void> {
    // A row never changes. The key makes two replicas that publish the same version at once harmless.
    await query.query(`
      CREATE TABLE templates (
        tenant text NOT NULL,
        type text NOT NULL,
        channel text NOT NULL,
        locale text NOT NULL,
        version integer NOT NULL CHECK (version > 0),
        source jsonb NOT NULL,
        source_hash text NOT NULL,
        compiled jsonb NOT NULL,
        published_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant, type, channel, locale, version)
      )`);
    await query.query(`COMMENT ON COLUMN templates.tenant IS 'whose own it is; empty = Carillon''s'`);
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('DROP TABLE templates');
  }
}
