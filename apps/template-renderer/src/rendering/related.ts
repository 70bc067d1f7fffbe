import { relatedSchema, type Related } from '@carillon/contracts';

const atMost = 20;

/**
 * Ids of the things that an event is about: `data.related` where it is an object of texts and numbers, otherwise whatever of the
 * data ends in `_id`, by its own name. The recipient is none of them.
 */
export function relatedOf(data: Record<string, unknown>): Related {
  const given = relatedSchema.safeParse(data.related);
  const related = given.success ? given.data : Object.fromEntries(Object.entries(data).filter(isId));
  return Object.fromEntries(
    Object.entries(related)
      .filter(([, value]) => String(value).length <= 128)
      .slice(0, atMost),
  ) as Related;
}

function isId([name, value]: [string, unknown]): boolean {
  if (!name.endsWith('_id') || name === 'recipient_id') return false;
  return typeof value === 'number' || (typeof value === 'string' && value !== '');
}
