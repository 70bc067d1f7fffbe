import { statfs } from 'node:fs/promises';
import type { Client } from 'pg';
import { UsageError } from '../options.ts';

/** With indexes; measured at ten million rows. */
const bytesPerRow = 700;

/**
 * Refuses when less than twice what the rows need is free where the database keeps its files, the rest being for the sorting of
 * indexes and for others.
 *
 * @returns what there is to say about it
 * @throws UsageError that says how many rows there is room for
 */
export async function checkDisk(db: Client, rows: number): Promise<string> {
  const needed = rows * bytesPerRow;
  const free = await freeBytes(db);
  if (free === undefined)
    return `about ${gigabytes(needed)} of disk is used; how much the database server has cannot be seen from here`;
  if (free < 2 * needed) {
    const most = Math.floor(free / (2 * bytesPerRow));
    throw new UsageError(
      `--rows ${rows}: that takes ${gigabytes(needed)} of disk and as much again to spare, but only ${gigabytes(free)} are free: try --rows ${most}`,
    );
  }
  return `about ${gigabytes(needed)} of disk is used, ${gigabytes(free)} are free`;
}

/** Undefined where the files of the database are not on this machine, or may not be looked for. */
async function freeBytes(db: Client): Promise<number | undefined> {
  try {
    const { rows } = await db.query<{ data_directory: string }>('SHOW data_directory');
    const { bavail, bsize } = await statfs(rows[0]!.data_directory);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

export function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
