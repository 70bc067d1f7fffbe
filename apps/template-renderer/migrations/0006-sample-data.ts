import type { MigrationInterface, QueryRunner } from 'typeorm';

export class SampleData0006 implements MigrationInterface {
  name = 'SampleData0000000000006';

  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      CREATE TABLE samples (
        tenant text NOT NULL,
        type text NOT NULL,
        data jsonb NOT NULL,
        updated_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant, type)
      )`);
    await query.query(`COMMENT ON TABLE samples IS 'what templates are previewed with, over Carillon''s own'`);
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('DROP TABLE samples');
  }
}
