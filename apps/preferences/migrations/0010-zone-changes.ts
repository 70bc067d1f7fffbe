import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Recipients whose time zone has changed, until the scheduler knows. */
export class ZoneChanges0010 implements MigrationInterface {
  name = 'ZoneChanges0000000000010';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE zone_changes (
        tenant text NOT NULL,
        id text NOT NULL,
        change uuid NOT NULL DEFAULT gen_random_uuid(),
        PRIMARY KEY (tenant, id)
      )`);
    await db.query(`
      COMMENT ON TABLE zone_changes IS
        'Whose pending reminders, digests and quiet hours are to be planned anew; a line stays until that is told, about a second'`);
    // However a recipient is changed: alone, in bulk, by an event.
    await db.query(`
      CREATE FUNCTION note_zone_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        INSERT INTO zone_changes (tenant, id) VALUES (NEW.tenant, NEW.id)
        ON CONFLICT (tenant, id) DO UPDATE SET change = excluded.change;
        RETURN NULL;
      END $$`);
    await db.query(`
      CREATE TRIGGER zone_change AFTER UPDATE OF time_zone ON recipients
        FOR EACH ROW WHEN (OLD.time_zone IS DISTINCT FROM NEW.time_zone) EXECUTE FUNCTION note_zone_change()`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TRIGGER zone_change ON recipients');
    await db.query('DROP FUNCTION note_zone_change');
    await db.query('DROP TABLE zone_changes');
  }
}
