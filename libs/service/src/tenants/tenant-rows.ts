import { parseInput, Problem, type TenantExportPage } from '@carillon/contracts';
import type { SqlRunner } from '@carillon/persistence';
import { z } from 'zod';

/** What stays of an erased tenant: that it was, so that nothing brings it back. */
const tombstones = ['tenant_standings', 'tenants'];

/** Not told in an export: what only proves who somebody is. Columns of bytes (hashes, what is sealed) are left out, too. */
const secretColumns = ['password', 'secrets', 'sealed', 'invitation'];

interface TenantTable {
  name: string;
  /** The column names of the primary key, ready to be written. */
  key: string[];
  /** Their types. */
  types: string[];
  hidden: string[];
  /** The service may not delete from it; this function may (SECURITY DEFINER): `erase_audit_log_of(tenant)` answers how many rows. */
  eraser: string | null;
}

/** The tables of a service that have a tenant, from the database's own catalogue: none can be forgotten. */
async function tenantTables(db: SqlRunner): Promise<TenantTable[]> {
  return db.query(
    `SELECT c.relname AS name, to_regprocedure('erase_' || c.relname || '_of(text)')::regproc::text AS eraser,
       ARRAY(SELECT quote_ident(a.attname) FROM pg_index i CROSS JOIN unnest(i.indkey) WITH ORDINALITY AS k(attnum, place)
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
         WHERE i.indrelid = c.oid AND i.indisprimary ORDER BY k.place) AS key,
       ARRAY(SELECT format_type(a.atttypid, a.atttypmod) FROM pg_index i CROSS JOIN unnest(i.indkey) WITH ORDINALITY AS k(attnum, place)
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
         WHERE i.indrelid = c.oid AND i.indisprimary ORDER BY k.place) AS types,
       ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
         AND (a.atttypid = 'bytea'::regtype OR a.attname = ANY($1))) AS hidden
     FROM pg_class c
     WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
       AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant' AND NOT a.attisdropped)
       AND c.relname <> ALL($2)
     ORDER BY c.relname`,
    [secretColumns, tombstones],
  );
}

/**
 * Deletes rows of a tenant, from whichever tables have some. To be asked again until there are no more.
 *
 * @param most rows at most; what a function of its own deletes counts, but goes at once
 */
export async function eraseSome(
  db: SqlRunner,
  tenant: string,
  most: number,
): Promise<{ deleted: number; more: boolean }> {
  let deleted = 0;
  let blocked: unknown;
  for (const { name, eraser } of await tenantTables(db)) {
    if (deleted >= most) return { deleted, more: true };
    try {
      deleted += eraser ? await byFunction(db, eraser, tenant) : await byRows(db, name, tenant, most - deleted);
    } catch (error) {
      // Rows of another table, which come later, still refer to these.
      if ((error as { code?: string }).code !== '23503') throw error;
      blocked = error;
    }
  }
  if (blocked && deleted === 0) throw blocked;
  return { deleted, more: blocked !== undefined || deleted >= most };
}

async function byRows(db: SqlRunner, table: string, tenant: string, most: number): Promise<number> {
  // By the place alone the rows are found without looking through the others; in a table of partitions several have the same one.
  const [, deleted]: [unknown, number] = await db.query(
    `WITH portion AS MATERIALIZED (SELECT tableoid AS part, ctid AS place FROM ${table} WHERE tenant = $1 LIMIT $2)
     DELETE FROM ${table} WHERE tenant = $1 AND ctid = ANY (ARRAY(SELECT place FROM portion))
       AND (tableoid, ctid) IN (SELECT part, place FROM portion)`,
    [tenant, most],
  );
  return deleted;
}

async function byFunction(db: SqlRunner, eraser: string, tenant: string): Promise<number> {
  const [{ deleted }]: [{ deleted: number }] = await db.query(`SELECT ${eraser}($1)::int AS deleted`, [tenant]);
  return deleted;
}

const place = z.object({ table: z.string(), after: z.array(z.string()).nullable() });

/**
 * A page of what is held of a tenant, in the order of tables and their keys.
 * @throws Problem 400 `invalid_cursor`
 */
export async function exportPage(
  db: SqlRunner,
  tenant: string,
  cursor: string | null,
  limit: number,
): Promise<TenantExportPage> {
  const tables = await tenantTables(db);
  const from = cursor === null ? { table: tables[0]?.name ?? '', after: null } : placeIn(cursor);
  const index = tables.findIndex(({ name }) => name >= from.table);
  if (index < 0) return { table: null, rows: [], next: null };
  const table = tables[index]!;
  const after = table.name === from.table ? from.after : null;
  if (after && after.length !== table.key.length) throw invalidCursor();
  const { name, key, types, hidden } = table;
  const beyond = after ? `AND (${key}) > (${types.map((type, at) => `$${at + 4}::text::${type}`)})` : '';
  const rows: { row: Record<string, unknown>; key: string[] }[] = await db.query(
    `SELECT to_jsonb(t) - $2::text[] AS row, ARRAY[${key.map((column) => `t.${column}::text`)}] AS key
     FROM ${name} t WHERE tenant = $1 ${beyond} ORDER BY ${key} LIMIT $3`,
    [tenant, hidden, limit, ...(after ?? [])],
  );
  const more = rows.length === limit;
  const following = more ? { table: name, after: rows.at(-1)!.key } : { table: tables[index + 1]?.name, after: null };
  return {
    table: name,
    rows: rows.map(({ row }) => row),
    next: following.table === undefined ? null : Buffer.from(JSON.stringify(following)).toString('base64url'),
  };
}

function placeIn(cursor: string): z.infer<typeof place> {
  try {
    return parseInput(place, JSON.parse(Buffer.from(cursor, 'base64url').toString()), 'cursor');
  } catch {
    throw invalidCursor();
  }
}

function invalidCursor(): Problem {
  return new Problem({ status: 400, code: 'invalid_cursor', title: 'The cursor is not valid' });
}
