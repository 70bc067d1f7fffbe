import type { DataSource } from 'typeorm';

/**
 * Deletes many rows by many small statements, so that none holds its locks for long.
 *
 * @param sql a DELETE of at most as many rows as its last parameter says, such as by `ctid IN (SELECT ctid … LIMIT $2)`
 * @param stop ends it between two statements
 */
export async function deleteInPortions(
  db: DataSource,
  sql: string,
  parameters: readonly unknown[],
  rowsAtOnce: number,
  stop: () => boolean,
): Promise<void> {
  let deleted: number;
  do {
    // TypeORM answers a DELETE with its rows and their number.
    [, deleted] = await db.query(sql, [...parameters, rowsAtOnce]);
  } while (deleted === rowsAtOnce && !stop());
}
