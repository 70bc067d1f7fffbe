import { Problem } from '@carillon/contracts';
import { z } from 'zod';

/** `?limit=` and `?cursor=` of every list. */
export const pagingSchema = z.strictObject({
  limit: z.coerce.number({ error: 'must be a number from 1 to 100' }).int().min(1).max(100).default(20),
  cursor: z.string().max(1000).optional(),
});

export interface Page<T> {
  data: T[];
  next_cursor: string | null;
}

/** A page as the API shows it. The cursor names its list, so that one list's cursor is refused by another. */
export function page<T>(list: string, { data, next }: { data: T[]; next: string | null }): Page<T> {
  return { data, next_cursor: next && Buffer.from(`${list}:${next}`).toString('base64url') };
}

/**
 * Where a list goes on.
 * @param place what a place in this list looks like
 * @throws Problem 400 for a cursor that this list did not hand out
 */
export function after(list: string, cursor: string | undefined, place = /^[0-9a-f-]{36}$/): string | null {
  if (cursor === undefined) return null;
  const text = Buffer.from(cursor, 'base64url').toString();
  const id = text.slice(list.length + 1);
  if (text.startsWith(`${list}:`) && place.test(id)) return id;
  throw new Problem({
    status: 400,
    code: 'invalid_query',
    title: 'The query is not valid',
    errors: [{ path: 'cursor', message: 'must be the next_cursor of the same list; leave it out to begin at the top' }],
  });
}
