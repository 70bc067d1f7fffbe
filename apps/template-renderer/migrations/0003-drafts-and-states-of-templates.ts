import type { MigrationInterface, QueryRunner } from 'typeorm';

export class DraftsAndStatesOfTemplates0003 implements MigrationInterface {
  name = 'DraftsAndStatesOfTemplates0000000000003';

  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      ALTER TABLE templates
        ADD COLUMN published_by text,
        ADD COLUMN restored_from integer,
        ADD COLUMN recompiled_from integer`);
    await query.query(`COMMENT ON COLUMN templates.published_by IS 'the admin; null = Carillon or a catalog'`);
    await query.query(
      `COMMENT ON COLUMN templates.restored_from IS 'the earlier version whose words an admin brought back'`,
    );
    await query.query(
      `COMMENT ON COLUMN templates.recompiled_from IS 'the version with the same words; only what they compile to changed'`,
    );
    await query.query(`
      CREATE TABLE template_drafts (
        tenant text NOT NULL,
        type text NOT NULL,
        channel text NOT NULL,
        locale text NOT NULL,
        source jsonb NOT NULL,
        revision uuid NOT NULL,
        based_on integer NOT NULL CHECK (based_on >= 0),
        updated_at timestamptz NOT NULL DEFAULT now(),
        updated_by text NOT NULL,
        PRIMARY KEY (tenant, type, channel, locale)
      )`);
    await query.query(
      `COMMENT ON COLUMN template_drafts.revision IS 'changes with every change, and never comes again'`,
    );
    await query.query(`COMMENT ON COLUMN template_drafts.based_on IS 'the version it was made from; 0 = none'`);
    await query.query(`
      CREATE TABLE inactive_templates (
        tenant text NOT NULL,
        owner text NOT NULL,
        type text NOT NULL,
        channel text NOT NULL,
        locale text NOT NULL,
        since timestamptz NOT NULL DEFAULT now(),
        switched_off_by text NOT NULL,
        PRIMARY KEY (tenant, owner, type, channel, locale)
      )`);
    await query.query(`COMMENT ON TABLE inactive_templates IS 'what a tenant has switched off, for itself alone'`);
    await query.query(`COMMENT ON COLUMN inactive_templates.owner IS 'whose template it is; empty = Carillon''s'`);
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('DROP TABLE inactive_templates');
    await query.query('DROP TABLE template_drafts');
    await query.query(
      'ALTER TABLE templates DROP COLUMN published_by, DROP COLUMN restored_from, DROP COLUMN recompiled_from',
    );
  }
}
