import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What the intake queue is bound to besides Carillon's own exchange. The one table without a tenant: a binding belongs to the
 * installation, and tenants whose sources name the same exchange and routing key share it.
 */
export class SourceBindings0003 implements MigrationInterface {
  name = 'SourceBindings0000000000003';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE source_bindings (
        exchange    text        NOT NULL,
        routing_key text        NOT NULL,
        -- 'pending' is written before the broker is asked: whatever may be bound is on record, so that it can be unbound.
        state       text        NOT NULL CHECK (state IN ('pending', 'bound', 'missing', 'refused')),
        error       text,
        bound_at    timestamptz,
        checked_at  timestamptz,
        PRIMARY KEY (exchange, routing_key)
      )`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE source_bindings');
  }
}
