import { channels, fieldErrors, Problem, type FieldError, type Preferences } from '@carillon/contracts';
import { canonicalTimeZone, unknownTimeZone } from '@carillon/time';
import type { z } from 'zod';
import type { Catalog } from '../catalog/catalog.ts';
import { isObject } from './merge-preferences.ts';

/** What preferences are checked against. */
export interface Surroundings {
  catalog: Pick<Catalog, 'categories' | 'has'>;
  /** Unix milliseconds */
  now: number;
}

/** @throws Problem 422 `invalid_preferences` naming categories, types and a zone that do not exist */
export function checkPreferences(preferences: Preferences, catalog: Surroundings['catalog']): void {
  refuse([], mistakesIn(preferences, {}, { catalog, now: 0 }));
}

/**
 * Names that do not exist and mutes in the past. What stands there already is not questioned again, so that whoever got
 * preferences can put them back, and what takes something back is always right.
 *
 * @param change preferences or a patch of them, whatever their shape
 */
export function mistakesIn(change: unknown, before: Preferences, { catalog, now }: Surroundings): FieldError[] {
  const errors: FieldError[] = [];
  for (const [key] of chosen(change, 'categories'))
    if (!stands(before, 'categories', key) && !catalog.categories.has(key))
      errors.push({ path: `categories.${key}`, message: unknownCategory(catalog) });
  for (const [key, choice] of chosen(change, 'types')) {
    if (!stands(before, 'types', key) && !catalog.has(key)) errors.push({ path: `types.${key}`, message: unknownType });
    const until = isObject(choice) ? choice.muted_until : undefined;
    if (until !== before.types?.[key]?.muted_until && isPast(until, now))
      errors.push({ path: `types.${key}.muted_until`, message: pastMute });
  }
  const quietHours = isObject(change) ? change.quiet_hours : undefined;
  const zone = isObject(quietHours) ? quietHours.time_zone : undefined;
  if (typeof zone === 'string' && zone !== before.quiet_hours?.time_zone && canonicalTimeZone(zone) === undefined)
    errors.push({ path: 'quiet_hours.time_zone', message: unknownTimeZone(zone) });
  return errors;
}

/** Whether preferences already say something of a category or type. */
export function stands(before: Preferences, table: 'categories' | 'types', key: string): boolean {
  return Object.hasOwn(before[table] ?? {}, key);
}

export const unknownType = 'is not a notification type of the catalog';
export const pastMute = 'has passed; give a time to come, or null to take the mute back';

export function unknownCategory({ categories }: Surroundings['catalog']): string {
  return `is not a category; use one of ${[...categories].sort().join(', ')}`;
}

export function isPast(time: unknown, now: number): boolean {
  return typeof time === 'string' && Date.parse(time) <= now;
}

/** What a schema finds wrong; a field that ought to be a channel is told so. */
export function shapeErrors(schema: z.ZodType, input: unknown): FieldError[] {
  const result = schema.safeParse(input);
  if (result.success) return [];
  return fieldErrors(result.error.issues).map(({ path, message }) => ({
    path,
    message:
      message.startsWith('is not a known field') && /^(channels|categories\..+|types\..+)\.[^.]+$/.test(path)
        ? `is not a channel; use one of ${channels.join(', ')}`
        : message,
  }));
}

/**
 * Everything that is wrong at once, each place once.
 * @param shape what makes the body no preferences at all
 * @param meaning what is wrong beyond that
 * @throws Problem 400 `invalid_body` or, where nothing is wrong with the shape, 422 `invalid_preferences`
 */
export function refuse(shape: readonly FieldError[], meaning: readonly FieldError[]): void {
  const errors = [...new Map([...meaning, ...shape].map((error) => [error.path, error])).values()];
  if (shape.length > 0)
    throw new Problem({ status: 400, code: 'invalid_body', title: 'The body is not valid', errors });
  if (errors.length > 0) throw Problem.unprocessable('invalid_preferences', 'The preferences are not valid', errors);
}

/** The entries of a table of switches, without those that are taken back. */
function chosen(change: unknown, table: 'categories' | 'types'): [key: string, choice: unknown][] {
  const entries = isObject(change) ? change[table] : undefined;
  return isObject(entries) ? Object.entries(entries).filter(([, choice]) => choice !== null) : [];
}
