import type { CatalogDocument, Tracking } from '@carillon/contracts';

type Part = Pick<CatalogDocument, 'categories' | 'tracking'>;

/**
 * What of a category's emails is tracked: what its tenant says of it, what Carillon does, what the tenant says of all, everything.
 * A tenant that only renames `security` does not begin to track it.
 */
export function trackingOf(category: string, builtIn: Part, own: Part): Required<Tracking> {
  const of = ({ categories }: Part) =>
    Object.hasOwn(categories ?? {}, category) ? categories![category]!.tracking : {};
  return { opens: true, clicks: true, ...own.tracking, ...of(builtIn), ...of(own) };
}
