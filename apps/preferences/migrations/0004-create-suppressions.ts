import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Addresses that nothing is sent to, marked at the contacts that have them; recipients found by role, tag and address. */
export class CreateSuppressions0004 implements MigrationInterface {
  name = 'CreateSuppressions0000000000004';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE suppressions (
        tenant     text        NOT NULL,
        channel    text        NOT NULL,
        -- Canonical, as in recipients.contacts.
        address    text        NOT NULL,
        reason     text        NOT NULL,
        note       text,
        created_at timestamptz NOT NULL DEFAULT now(),
        created_by text        NOT NULL,
        PRIMARY KEY (tenant, channel, address)
      )`);
    // A recipient is saved with what is suppressed at that moment, and a suppression marks whoever has the address. So that
    // neither misses the other, saving holds the tenant's lock shared and suppressing holds it alone. A function, because each
    // statement of a volatile one sees what was committed before it: the saving statement itself began before the lock was held.
    await db.query(`
      CREATE FUNCTION suppression_lock(tenant text) RETURNS bigint IMMUTABLE LANGUAGE sql
        AS $$ SELECT hashtextextended(tenant, 4) $$`);
    await db.query(`
      CREATE FUNCTION mark_suppressed(of_tenant text, contacts jsonb) RETURNS jsonb VOLATILE LANGUAGE plpgsql AS $$
      BEGIN
        PERFORM pg_advisory_xact_lock_shared(suppression_lock(of_tenant));
        RETURN (
          SELECT coalesce(jsonb_agg(contact || jsonb_build_object('suppressed', s.reason) ORDER BY position), '[]')
          FROM jsonb_array_elements(contacts) WITH ORDINALITY AS given(contact, position)
          LEFT JOIN suppressions s
            ON s.tenant = of_tenant AND s.channel = contact->>'channel' AND s.address = contact->>'address');
      END $$`);
    await db.query(`
      -- When what stands here was said: the time of the event that brought it, or of the call.
      ALTER TABLE recipients ADD COLUMN as_of timestamptz NOT NULL DEFAULT now()`);
    await db.query('UPDATE recipients SET contacts = mark_suppressed(tenant, contacts)');
    await db.query('CREATE INDEX recipients_by_role ON recipients USING gin (roles)');
    await db.query('CREATE INDEX recipients_by_tag ON recipients USING gin (tags)');
    await db.query('CREATE INDEX recipients_by_contact ON recipients USING gin (contacts jsonb_path_ops)');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP INDEX recipients_by_contact, recipients_by_tag, recipients_by_role');
    await db.query('ALTER TABLE recipients DROP COLUMN as_of');
    await db.query('DROP FUNCTION mark_suppressed(text, jsonb)');
    await db.query('DROP FUNCTION suppression_lock(text)');
    await db.query('DROP TABLE suppressions');
  }
}
