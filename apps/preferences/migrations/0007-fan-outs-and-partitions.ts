import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Fan-outs to audiences, and decisions in a partition per week, so that old ones go by dropping a table instead of deleting rows.
 * Ids begin with their time, so the primary key itself is what the partitions are made by.
 */
export class FanOutsAndPartitions0007 implements MigrationInterface {
  name = 'FanOutsAndPartitions0000000000007';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE fan_outs (
        tenant        text        NOT NULL,
        event_id      uuid        NOT NULL,
        type          text        NOT NULL,
        -- What is told to every recipient of it; read and written whole.
        event         json        NOT NULL,
        audience      json        NOT NULL,
        cursor        text        NOT NULL,
        claim         uuid,
        claimed_until timestamptz,
        error         text,
        begun_at      timestamptz NOT NULL,
        finished_at   timestamptz,
        PRIMARY KEY (tenant, event_id, type)
      )`);
    await db.query(`
      COMMENT ON COLUMN fan_outs.claimed_until IS
        'Until then the replica that claimed it works on it; afterwards it is anybody''s'`);
    await db.query('CREATE INDEX fan_outs_unfinished ON fan_outs (tenant, event_id) WHERE finished_at IS NULL');
    await db.query('CREATE TABLE fan_out_turns (tenant text PRIMARY KEY, served_at timestamptz NOT NULL)');

    await db.query(`ALTER TABLE events ADD COLUMN skipped text[] NOT NULL DEFAULT '{}'`);
    // Ordered by time as they come, so a few pages of summaries do where an index of all of them would be as large as the ids.
    await db.query('CREATE INDEX events_by_time ON events USING brin (first_at)');

    await db.query('ALTER TABLE notifications RENAME TO notifications_before');
    for (const index of ['notifications_pkey', 'notifications_by_id', 'notifications_by_event']) {
      await db.query(`ALTER INDEX ${index} RENAME TO ${index}_before`);
    }
    await db.query(
      'CREATE TABLE notifications (LIKE notifications_before INCLUDING COMMENTS, PRIMARY KEY (tenant, recipient, id)) PARTITION BY RANGE (id)',
    );
    await db.query('CREATE INDEX notifications_by_id ON notifications (tenant, id)');
    // The notifications of an event need no index of their own: their ids begin with the event's milliseconds.
    // For what claims to be older than everything else, such as a request with a time of last year.
    await db.query('CREATE TABLE notifications_default PARTITION OF notifications DEFAULT');

    await db.query(`
      CREATE FUNCTION first_id_at(moment timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
        SELECT (lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
      $$`);
    // The service's role may not create or drop tables; it may ask for just this (SECURITY DEFINER).
    await db.query(`
      CREATE FUNCTION keep_partitions(weeks_ahead int, keep_days int) RETURNS text[]
      LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
      DECLARE
        week timestamp; -- In UTC.
        part text;
        dropped text[] := '{}';
      BEGIN
        PERFORM pg_advisory_xact_lock(hashtext('keep_partitions'));
        SET LOCAL lock_timeout = '2s';
        FOR week IN SELECT generate_series(date_trunc('week', now() AT TIME ZONE 'UTC'),
                                           now() AT TIME ZONE 'UTC' + make_interval(weeks => weeks_ahead), '1 week') LOOP
          part := 'notifications_' || to_char(week, 'YYYYMMDD');
          IF to_regclass(part) IS NULL THEN
            EXECUTE format('CREATE TABLE %I PARTITION OF notifications FOR VALUES FROM (%L) TO (%L)',
                           part, first_id_at(week AT TIME ZONE 'UTC'),
                           first_id_at((week + interval '1 week') AT TIME ZONE 'UTC'));
          END IF;
        END LOOP;
        FOR part IN
          SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
          WHERE i.inhparent = to_regclass('notifications') AND c.relname ~ '^notifications_\\d{8}$'
            AND to_date(right(c.relname, 8), 'YYYYMMDD') + 7 < (now() AT TIME ZONE 'UTC')::date - keep_days
        LOOP
          EXECUTE format('DROP TABLE %I', part);
          dropped := dropped || part;
        END LOOP;
        RETURN dropped;
      END $$`);
    await db.query('REVOKE ALL ON FUNCTION keep_partitions(int, int) FROM PUBLIC');
    await db.query(`
      DO $$ BEGIN
        EXECUTE format('GRANT EXECUTE ON FUNCTION keep_partitions(int, int) TO %I', current_database() || '_' || current_schema());
      END $$`);
    await db.query('SELECT keep_partitions(8, 36500)');
    await db.query('INSERT INTO notifications SELECT * FROM notifications_before');
    await db.query('DROP TABLE notifications_before');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('CREATE TABLE notifications_after (LIKE notifications INCLUDING ALL)');
    await db.query('INSERT INTO notifications_after SELECT * FROM notifications');
    await db.query('DROP FUNCTION keep_partitions(int, int)');
    await db.query('DROP TABLE notifications');
    await db.query('DROP FUNCTION first_id_at(timestamptz)');
    await db.query('ALTER TABLE notifications_after RENAME TO notifications');
    await db.query('DROP INDEX events_by_time');
    await db.query('ALTER TABLE events DROP COLUMN skipped');
    await db.query('DROP TABLE fan_out_turns, fan_outs');
  }
}
