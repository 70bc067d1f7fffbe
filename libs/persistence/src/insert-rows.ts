/** Whatever runs SQL: a DataSource, an EntityManager or a QueryRunner. */
export interface SqlRunner {
  query(sql: string, parameters?: unknown[]): Promise<any>;
}

export interface InsertOptions {
  /** What is the same in all rows: written out, sent and parsed once. */
  shared?: object;
  /** Which of the rows are inserted; a row is called `item` here. Without it all are. */
  where?: string;
  /** After ON CONFLICT: `DO NOTHING`, or `(id) DO UPDATE SET …`. Without it a conflict is an error. */
  onConflict?: string;
  /** Columns of the rows that were really written. */
  returning?: string;
}

/**
 * Inserts many rows in one statement with one parameter, however many rows and columns there are.
 * Column names are the members of all rows together; they and `table` are the caller's own words, never input.
 *
 * @param rows columns by name: times as ISO strings, jsonb as plain values, bytea as `\\x…`, bigint and numeric as text;
 *   undefined, null and what only other rows have are NULL
 * @returns the `returning` columns of the rows written, otherwise an empty list
 */
export async function insertRows<Returned = void>(
  db: SqlRunner,
  table: string,
  rows: readonly object[],
  { shared, where, onConflict, returning }: InsertOptions = {},
): Promise<Returned[]> {
  if (rows.length === 0) return [];
  const own = namesOf(rows);
  const common = shared ? namesOf([shared]) : [];
  const columns = [...common, ...own];
  const items = `json_populate_recordset(null::${table}, $1) AS item`;
  const source = shared
    ? `(SELECT ${[...common.map((column) => `shared.${column}`), ...own.map((column) => `item.${column}`)]}
        FROM json_populate_record(null::${table}, $2) AS shared, ${items}) AS item`
    : items;
  return db.query(
    `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM ${source}` +
      (where ? ` WHERE ${where}` : '') +
      (onConflict ? ` ON CONFLICT ${onConflict}` : '') +
      (returning ? ` RETURNING ${returning}` : ''),
    [JSON.stringify(rows), ...(shared ? [JSON.stringify(shared)] : [])],
  );
}

function namesOf(rows: readonly object[]): string[] {
  const names = new Set<string>();
  for (const row of rows) for (const column of Object.keys(row)) names.add(column);
  return [...names].map((column) => `"${column}"`);
}
