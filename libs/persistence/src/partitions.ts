import { setTimeout as sleep } from 'node:timers/promises';
import { isLockTimeout } from './availability.ts';
import type { SqlRunner } from './insert-rows.ts';

/**
 * Tables in a partition per week, so that old rows go by dropping a table instead of being deleted one by one. Our ids begin with
 * their time, so the primary key itself is what the partitions are made by (docs/decisions/0013).
 */

/** How long others may have to wait for the lock of a partition that is made or dropped. */
const lockTimeout = '100ms';
/** Attempts at one step that somebody's long statement holds up, before it is left for later. */
const attemptsPerStep = 10;

/** For a migration: the lowest of all ids that begin with a time. */
export const firstIdAtFunction = `
  CREATE FUNCTION first_id_at(moment timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
  $$`;

/**
 * For a migration: the functions that keep the partitions of these tables. `tend_partitions` makes the next one that is missing, or
 * drops the next one that is past its days, and answers what it did; NULL when nothing is left to do. One step for each call,
 * and so for each transaction, because the lock on the whole table lasts until the transaction ends.
 *
 * The service's role may not create or drop tables; it may ask for just this (SECURITY DEFINER).
 *
 * @param tables partitioned by {@link partitionByWeek}
 */
export function keepPartitionsFunctions(tables: readonly string[]): string {
  const names = tables.map((table) => `'${table}'`).join(', ');
  return `
    CREATE FUNCTION make_partition(parent text, week timestamp) RETURNS text
    LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
    DECLARE
      part text := parent || '_' || to_char(week, 'YYYYMMDD');
      id text := substring(pg_get_partkeydef(parent::regclass) FROM '\\((.*)\\)');
      first uuid := first_id_at(week AT TIME ZONE 'UTC');
      following uuid := first_id_at((week + interval '1 week') AT TIME ZONE 'UTC');
    BEGIN
      -- Attached afterwards instead of made as a partition: that would lock out everybody who reads the table.
      EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', part, parent);
      -- What came before its week was foreseen, such as by a clock that is wrong.
      EXECUTE format('WITH moved AS (DELETE FROM %1$I WHERE %2$I >= %3$L AND %2$I < %4$L RETURNING *)
                      INSERT INTO %5$I SELECT * FROM moved', parent || '_default', id, first, following, part);
      EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, part, first, following);
      RETURN part;
    END $$;
    REVOKE ALL ON FUNCTION make_partition(text, timestamp) FROM PUBLIC;

    CREATE FUNCTION tend_partitions(weeks_ahead int, keep_days int) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET lock_timeout = '${lockTimeout}' AS $$
    DECLARE
      parent text;
      week timestamp; -- In UTC.
      part text;
    BEGIN
      PERFORM pg_advisory_xact_lock(hashtext('tend_partitions'));
      FOREACH parent IN ARRAY ARRAY[${names}] LOOP
        FOR week IN SELECT generate_series(date_trunc('week', now() AT TIME ZONE 'UTC'),
                                           now() AT TIME ZONE 'UTC' + make_interval(weeks => weeks_ahead), '1 week') LOOP
          IF to_regclass(parent || '_' || to_char(week, 'YYYYMMDD')) IS NULL THEN
            RETURN 'made ' || make_partition(parent, week);
          END IF;
        END LOOP;
        FOR part IN
          SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
          WHERE i.inhparent = to_regclass(parent) AND c.relname ~ ('^' || parent || '_\\d{8}$')
            AND to_date(right(c.relname, 8), 'YYYYMMDD') + 7 < (now() AT TIME ZONE 'UTC')::date - keep_days
        LOOP
          EXECUTE format('DROP TABLE %I', part);
          RETURN 'dropped ' || part;
        END LOOP;
      END LOOP;
      RETURN NULL;
    END $$;
    REVOKE ALL ON FUNCTION tend_partitions(int, int) FROM PUBLIC;
    DO $$ BEGIN
      EXECUTE format('GRANT EXECUTE ON FUNCTION tend_partitions(int, int) TO %I', current_database() || '_' || current_schema());
    END $$`;
}

/**
 * In a migration, after {@link keepPartitionsFunctions}: puts a table with its rows into partitions by week. Its columns, checks and
 * indexes stay as they are.
 *
 * @param key columns of its primary key, with the id
 * @param id the column that begins with the time
 */
export async function partitionByWeek(db: SqlRunner, table: string, key: string, id: string): Promise<void> {
  const before = `${table}_before`;
  const indexes: { name: string; sql: string; primary: boolean }[] = await db.query(
    `SELECT c.relname AS name, pg_get_indexdef(c.oid) AS sql, i.indisprimary AS primary
     FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = to_regclass($1) ORDER BY c.oid`,
    [table],
  );
  await db.query(`ALTER TABLE ${table} RENAME TO ${before}`);
  for (const { name } of indexes) await db.query(`ALTER INDEX ${name} RENAME TO ${name}_before`);
  await db.query(`
    CREATE TABLE ${table} (LIKE ${before} INCLUDING ALL EXCLUDING INDEXES, PRIMARY KEY (${key})) PARTITION BY RANGE (${id})`);
  for (const { sql, primary } of indexes) if (!primary) await db.query(sql);
  // For what claims to be older, or younger, than everything else.
  await db.query(`CREATE TABLE ${table}_default PARTITION OF ${table} DEFAULT`);
  await db.query(
    `SELECT make_partition($1, week) FROM (
       SELECT DISTINCT date_trunc('week', to_timestamp(ms / 1000.0) AT TIME ZONE 'UTC') AS week
       FROM (SELECT ('x' || translate(left(${id}::text, 13), '-', ''))::bit(48)::bigint AS ms FROM ${before}) AS ids
       WHERE to_timestamp(ms / 1000.0) BETWEEN now() - interval '1 year' AND now()) AS weeks`,
    [table],
  );
  await db.query(`INSERT INTO ${table} SELECT * FROM ${before}`);
  await db.query(`DROP TABLE ${before}`);
}

/** For the way back of a migration: the opposite of {@link partitionByWeek}. */
export async function unpartition(db: SqlRunner, table: string): Promise<void> {
  await db.query(`CREATE TABLE ${table}_whole (LIKE ${table} INCLUDING ALL)`);
  await db.query(`INSERT INTO ${table}_whole SELECT * FROM ${table}`);
  await db.query(`DROP TABLE ${table}`);
  await db.query(`ALTER TABLE ${table}_whole RENAME TO ${table}`);
}

/**
 * Makes the partitions that are needed and drops those whose days are over. Nobody who reads or writes waits for it longer than
 * a tenth of a second; a table that is busy for longer is left for the next time.
 *
 * @returns what was done, such as `dropped deliveries_20260105`
 * @throws Error when a statement has held a table for so long that it was given up
 */
export async function keepPartitions(db: SqlRunner, weeksAhead: number, keepDays: number): Promise<string[]> {
  const steps: string[] = [];
  for (;;) {
    const [{ step }]: [{ step: string | null }] = await nextStep(db, weeksAhead, keepDays);
    if (step === null) return steps;
    steps.push(step);
  }
}

async function nextStep(db: SqlRunner, weeksAhead: number, keepDays: number): Promise<[{ step: string | null }]> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await db.query('SELECT tend_partitions($1, $2) AS step', [weeksAhead, keepDays]);
    } catch (error) {
      if (!isLockTimeout(error) || attempt === attemptsPerStep) throw error;
      // Those who queued behind it get through first.
      await sleep(200);
    }
  }
}

/**
 * SQL: that a row of a partitioned table is one that `items` name, by tenant and id; for joins of an UPDATE or SELECT with a few
 * rows. The keys are said twice, because the planner does not know that a join by the id leaves most partitions out: by the join
 * alone it read all of a table of 100,000 rows to update 20 (43 ms; so 5 ms).
 *
 * @param id the row's column, such as `d.id`
 * @param itemId the items' column; what stands before the dot must be the name of a CTE
 */
export function namedBy(id: string, itemId: string): string {
  const [row] = id.split('.');
  const [items, column] = itemId.split('.');
  return `${row}.tenant = ${items}.tenant AND ${id} = ${itemId}
    AND ${row}.tenant = ANY (ARRAY(SELECT tenant FROM ${items})) AND ${id} = ANY (ARRAY(SELECT ${column} FROM ${items}))`;
}
