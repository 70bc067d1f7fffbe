import type { MigrationInterface, QueryRunner } from 'typeorm';

export class BrandsAndFragments0004 implements MigrationInterface {
  name = 'BrandsAndFragments0000000000004';

  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      CREATE TABLE brands (
        tenant text PRIMARY KEY,
        settings jsonb NOT NULL,
        updated_at timestamptz NOT NULL DEFAULT now(),
        updated_by text NOT NULL
      )`);
    await query.query(`COMMENT ON COLUMN brands.settings IS 'what the tenant said; the rest is the installation''s'`);

    // The row is locked while the fragments of a tenant change, so that changes come one after the other.
    await query.query(`CREATE TABLE fragment_sets (tenant text PRIMARY KEY, version integer NOT NULL)`);
    await query.query(
      `COMMENT ON TABLE fragment_sets IS 'how often the layouts and partials of a tenant have changed'`,
    );
    await query.query(`
      CREATE TABLE fragments (
        tenant text NOT NULL,
        kind text NOT NULL CHECK (kind IN ('layout', 'partial')),
        key text NOT NULL,
        version integer NOT NULL CHECK (version > 0),
        source jsonb,
        note text,
        created_at timestamptz NOT NULL DEFAULT now(),
        created_by text NOT NULL,
        PRIMARY KEY (tenant, kind, key, version)
      )`);
    await query.query(
      `COMMENT ON TABLE fragments IS 'versions of layouts and partials; a row never changes, the newest is in use'`,
    );
    await query.query(`COMMENT ON COLUMN fragments.source IS 'null = with this version it was removed'`);

    await query.query(`
      CREATE TABLE framed_templates (
        tenant text NOT NULL,
        type text NOT NULL,
        channel text NOT NULL,
        locale text NOT NULL,
        version integer NOT NULL,
        frame integer NOT NULL,
        source_hash text NOT NULL,
        compiled jsonb NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        withdrawn_at timestamptz,
        PRIMARY KEY (tenant, type, channel, locale, frame, version)
      )`);
    await query.query(`COMMENT ON TABLE framed_templates IS 'Carillon''s own emails in the frame of a tenant'`);
    await query.query(`COMMENT ON COLUMN framed_templates.version IS 'of Carillon''s template'`);
    await query.query(
      `COMMENT ON COLUMN framed_templates.frame IS 'the version of the fragment set that it was made with'`,
    );
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('DROP TABLE framed_templates, fragments, fragment_sets, brands');
  }
}
