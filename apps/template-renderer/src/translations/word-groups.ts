import { canonicalLocale } from '../engine/index.ts';
import { localesFor, narrowed } from '../templates/lookup-order.ts';
import type { TemplatedChannel } from '../templates/template-source.ts';
import type { VersionInUse } from '../templates/template-store.ts';

/** The words of one type on one channel, by language. */
export interface WordGroup {
  type: string;
  channel: TemplatedChannel;
  /** The tenant's own, and Carillon's where it has none in that language. */
  byLocale: Map<string, VersionInUse>;
}

/** @param inUse Carillon's words before the tenant's own, which stand before them @returns by `invoice_issued.email`, sorted */
export function groupsOf(inUse: readonly VersionInUse[]): Map<string, WordGroup> {
  const groups = new Map<string, WordGroup>();
  for (const words of inUse) {
    const { type, channel, locale } = words;
    const name = `${type}.${channel}`;
    const group = groups.get(name) ?? { type, channel, byLocale: new Map<string, VersionInUse>() };
    groups.set(name, { ...group, byLocale: group.byLocale.set(locale, words) });
  }
  return new Map([...groups].sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** The words to translate from: in the reference language, or as near to it as there are any. */
export function referenceOf({ byLocale }: WordGroup, reference: string): VersionInUse {
  const [best] = localesFor(reference).flatMap((locale) => byLocale.get(locale) ?? []);
  return best ?? [...byLocale.values()][0]!;
}

/** Whether there are words that somebody with this locale can read. */
export function speaks(locales: Iterable<string>, wanted: string): boolean {
  const known = new Set(locales);
  return narrowed(canonicalLocale(wanted) ?? wanted).some((locale) => known.has(locale));
}
