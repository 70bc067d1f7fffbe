import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What the log is filtered by stands in columns of its own. An index of an expression such as `template ->> 'key'` is of no use to a
 * role with row-level security: PostgreSQL does not vouch that `->>` tells nobody what it saw (it is not LEAKPROOF), and so
 * checks the row's tenant first.
 */
export class TemplateColumns0007 implements MigrationInterface {
  readonly name = 'TemplateColumns0000000000007';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`DROP INDEX deliveries_by_template, deliveries_by_experiment, deliveries_by_variant`);
    await db.query(`
      ALTER TABLE deliveries
        ADD COLUMN template_key     text,
        ADD COLUMN template_version integer,
        ADD COLUMN experiment       text,
        ADD COLUMN variant          text`);
    await db.query(`
      UPDATE deliveries
      SET template_key = template ->> 'key', template_version = (template ->> 'version')::int,
          experiment = template ->> 'experiment', variant = template ->> 'variant'`);
    await db.query(`CREATE INDEX deliveries_by_template ON deliveries (tenant, template_key, template_version, id)`);
    for (const column of ['experiment', 'variant']) {
      await db.query(
        `CREATE INDEX deliveries_by_${column} ON deliveries (tenant, ${column}, id) WHERE ${column} IS NOT NULL`,
      );
    }
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE deliveries
        DROP COLUMN template_key, DROP COLUMN template_version, DROP COLUMN experiment, DROP COLUMN variant`);
    await db.query(`
      CREATE INDEX deliveries_by_template
        ON deliveries (tenant, (template ->> 'key'), ((template ->> 'version')::int), id)`);
    for (const name of ['experiment', 'variant']) {
      await db.query(`
        CREATE INDEX deliveries_by_${name} ON deliveries (tenant, (template ->> '${name}'), id)
        WHERE (template ->> '${name}') IS NOT NULL`);
    }
  }
}
