import { Problem, type FieldError, type Preferences } from '@carillon/contracts';
import type { Catalog } from '../catalog/catalog.ts';
import { canonicalTimeZone, unknownTimeZone } from '../quiet-hours/time-zone.ts';

/** Merges switch by switch: what the change does not mention stays as it was. */
export function mergePreferences(before: Preferences, change: Preferences): Preferences {
  return {
    ...before,
    ...(change.quiet_hours !== undefined && { quiet_hours: change.quiet_hours }),
    ...(change.channels && { channels: { ...before.channels, ...change.channels } }),
    ...(change.categories && { categories: mergeTable(before.categories, change.categories) }),
    ...(change.types && { types: mergeTable(before.types, change.types) }),
  };
}

function mergeTable<Row extends object>(
  before: Record<string, Row> = {},
  change: Record<string, Row>,
): Record<string, Row> {
  const merged = { ...before };
  for (const [key, row] of Object.entries(change)) merged[key] = { ...merged[key], ...row };
  return merged;
}

/** @throws Problem 422 `invalid_preferences` naming categories and types that do not exist */
export function checkPreferences(
  { categories = {}, types = {}, quiet_hours }: Preferences,
  catalog: Pick<Catalog, 'categories' | 'has'>,
): void {
  const errors: FieldError[] = [
    ...Object.keys(categories)
      .filter((category) => !catalog.categories.has(category))
      .map((category) => ({
        path: `categories.${category}`,
        message: `is not a category; use one of ${[...catalog.categories].sort().join(', ')}`,
      })),
    ...Object.keys(types)
      .filter((type) => !catalog.has(type))
      .map((type) => ({ path: `types.${type}`, message: 'is not a notification type of the catalog' })),
  ];
  if (quiet_hours?.time_zone !== undefined && canonicalTimeZone(quiet_hours.time_zone) === undefined) {
    errors.push({ path: 'quiet_hours.time_zone', message: unknownTimeZone(quiet_hours.time_zone) });
  }
  if (errors.length > 0) throw Problem.unprocessable('invalid_preferences', 'The preferences are not valid', errors);
}
