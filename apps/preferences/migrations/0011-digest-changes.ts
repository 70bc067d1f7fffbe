import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What waits for a digest is decided anew once its recipient has other preferences, not only another time zone. */
export class DigestChanges0011 implements MigrationInterface {
  name = 'DigestChanges0000000000011';

  async up(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE zone_changes ADD COLUMN zone boolean NOT NULL DEFAULT true');
    await db.query(`
      COMMENT ON COLUMN zone_changes.zone IS 'whether the time zone has changed; otherwise only the preferences'`);
    await db.query(`
      CREATE OR REPLACE FUNCTION note_zone_change() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
      BEGIN
        INSERT INTO zone_changes AS told (tenant, id, zone)
        VALUES (NEW.tenant, NEW.id, OLD.time_zone IS DISTINCT FROM NEW.time_zone)
        ON CONFLICT (tenant, id) DO UPDATE SET change = excluded.change, zone = told.zone OR excluded.zone;
        RETURN NULL;
      END $$`);
    await db.query('DROP TRIGGER zone_change ON recipients');
    await db.query(`
      CREATE TRIGGER zone_change AFTER UPDATE OF time_zone, preferences ON recipients FOR EACH ROW
        WHEN (OLD.time_zone IS DISTINCT FROM NEW.time_zone OR OLD.preferences IS DISTINCT FROM NEW.preferences)
        EXECUTE FUNCTION note_zone_change()`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TRIGGER zone_change ON recipients');
    await db.query(`
      CREATE OR REPLACE FUNCTION note_zone_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        INSERT INTO zone_changes (tenant, id) VALUES (NEW.tenant, NEW.id)
        ON CONFLICT (tenant, id) DO UPDATE SET change = excluded.change;
        RETURN NULL;
      END $$`);
    await db.query(`
      CREATE TRIGGER zone_change AFTER UPDATE OF time_zone ON recipients
        FOR EACH ROW WHEN (OLD.time_zone IS DISTINCT FROM NEW.time_zone) EXECUTE FUNCTION note_zone_change()`);
    await db.query('ALTER TABLE zone_changes DROP COLUMN zone');
  }
}
