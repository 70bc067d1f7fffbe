import { hash } from 'node:crypto';
import type { Pool } from 'pg';
import type { DataSource } from 'typeorm';
import type { SqlRunner } from './insert-rows.ts';

/**
 * Runs statements of the hot path as prepared ones: PostgreSQL parses and plans each text once per connection instead of every
 * time, which for the senders' statements was more work than running them. Only for texts that are constants of the code, as each
 * one is kept. Answers with the rows, also for UPDATE and DELETE, where TypeORM's own `query` answers with a pair.
 * Behind PgBouncer in transaction mode this needs its version 1.21 or later.
 */
export function prepared(dataSource: DataSource): SqlRunner {
  const names = new Map<string, string>();
  return {
    async query(text: string, values: unknown[] = []) {
      let name = names.get(text);
      // The same text has the same name, whoever prepares it on a connection of the pool.
      if (name === undefined) names.set(text, (name = `carillon_${hash('sha1', text)}`));
      // TypeORM has no way to name a statement, but lets its pool be used.
      const pool = (dataSource.driver as unknown as { master?: Pool }).master;
      if (!pool) throw new Error('Driver not Connected');
      return (await pool.query({ name, text, values })).rows;
    },
  };
}
