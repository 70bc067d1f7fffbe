import type {
  CatalogCategory,
  CatalogDocument,
  CatalogType,
  EffectiveCatalog,
  EffectiveCategory,
  EffectiveType,
} from '@carillon/contracts';
import { trackingOf } from './tracking.ts';

type Origin = EffectiveType['origin'];

/**
 * What holds for a tenant: its document laid over the built-in one, everything filled in that they leave out. Templates stay
 * with whoever renders them.
 *
 * @param version of the tenant's document
 */
export function effectiveCatalogOf(
  version: number,
  builtIn: CatalogDocument,
  document: CatalogDocument,
): EffectiveCatalog {
  return {
    version,
    categories: laidOver(builtIn.categories, document.categories, (key, category, origin) =>
      effectiveCategory(key, category, origin, trackingOf(key, builtIn, document)),
    ),
    types: laidOver(builtIn.types, document.types, effectiveType),
    defaults: document.defaults ?? {},
  };
}

function laidOver<Entry, Effective extends { key: string }>(
  below: Record<string, Entry> = {},
  above: Record<string, Entry> = {},
  effective: (key: string, entry: Entry, origin: Origin) => Effective,
): Effective[] {
  const entries = new Map(Object.entries(below).map(([key, entry]) => [key, effective(key, entry, 'system')]));
  for (const [key, entry] of Object.entries(above)) entries.set(key, effective(key, entry, 'tenant'));
  return [...entries.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}

function effectiveCategory(
  key: string,
  { name, description }: CatalogCategory,
  origin: Origin,
  tracking: EffectiveCategory['tracking'],
): EffectiveCategory {
  return { key, origin, name: name ?? key, description: description ?? null, tracking };
}

function effectiveType(key: string, type: CatalogType, origin: Origin): EffectiveType {
  return {
    key,
    origin,
    category: type.category,
    description: type.description ?? null,
    enabled: type.enabled ?? true,
    channels: type.channels,
    priority: type.priority ?? 'normal',
    mandatory: type.mandatory ?? false,
    on: [type.on ?? []].flat(),
    when: type.when ?? null,
    to: type.to ?? null,
    schema: type.schema ?? null,
    frequency: type.frequency ?? 'immediate',
    throttle: type.throttle ?? null,
    template: type.template ?? key,
    batch: type.batch ?? null,
    digest: type.digest ?? null,
    reminders: type.reminders ?? [],
  };
}
