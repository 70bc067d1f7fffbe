import {
  preferenceChangesSchema,
  preferencesPatchSchema,
  preferencesSchema,
  type FieldError,
  type PreferenceChange,
  type Preferences,
} from '@carillon/contracts';
import {
  isPast,
  mistakesIn,
  pastMute,
  refuse,
  shapeErrors,
  stands,
  unknownCategory,
  unknownType,
  type Surroundings,
} from './check-preferences.ts';
import { mergePreferences } from './merge-preferences.ts';

type Json = Record<string, unknown>;

/**
 * Puts new preferences in the place of the former.
 * @param input as it was sent
 * @throws Problem 400, 422 naming everything that is wrong
 */
export function replacePreferences(before: Preferences, input: Json, surroundings: Surroundings): Preferences {
  refuse(shapeErrors(preferencesSchema, input), mistakesIn(input, before, surroundings));
  return preferencesSchema.parse(input);
}

/**
 * Merges a JSON merge patch.
 * @throws Problem 400, 422 naming everything that is wrong with the patch, or with what it would make of the preferences
 */
export function patchPreferences(before: Preferences, input: Json, surroundings: Surroundings): Preferences {
  const after = mergePreferences(before, input);
  const shape = [...shapeErrors(preferencesPatchSchema, input), ...shapeErrors(preferencesSchema, after)];
  refuse(shape, mistakesIn(input, before, surroundings));
  return preferencesSchema.parse(after);
}

/**
 * Applies many changes one after the other, all or none.
 * @throws Problem 400, 422 naming the rows and what is wrong with them
 */
export function changePreferences(before: Preferences, input: Json, surroundings: Surroundings): Preferences {
  const shape = shapeErrors(preferenceChangesSchema, input);
  const rows: PreferenceChange[] = Array.isArray(input.changes) ? input.changes : [];
  refuse(
    shape,
    rows.flatMap((row, index) =>
      mistakesOf(row, before, surroundings).map(({ path, message }) => ({
        path: `changes[${index}].${path}`,
        message,
      })),
    ),
  );
  return rows.reduce((preferences, row) => mergePreferences(preferences, patchOf(row)) as Preferences, before);
}

function mistakesOf(row: PreferenceChange, before: Preferences, { catalog, now }: Surroundings): FieldError[] {
  // Whatever its shape: what is wrong with that is told besides.
  const { type, category, enabled, frequency, muted_until } = (row ?? {}) as Partial<PreferenceChange>;
  const takenBack = [enabled, frequency, muted_until].includes(null);
  const errors: FieldError[] = [];
  if (typeof type === 'string' && !takenBack && !stands(before, 'types', type) && !catalog.has(type))
    errors.push({ path: 'type', message: unknownType });
  if (
    typeof category === 'string' &&
    !takenBack &&
    !stands(before, 'categories', category) &&
    !catalog.categories.has(category)
  )
    errors.push({ path: 'category', message: unknownCategory(catalog) });
  if (isPast(muted_until, now)) errors.push({ path: 'muted_until', message: pastMute });
  return errors;
}

function patchOf({ type, category, channel, enabled, frequency, muted_until }: PreferenceChange): Json {
  const choice = {
    ...(enabled !== undefined && { [channel!]: enabled }),
    ...(frequency !== undefined && { frequency }),
    ...(muted_until !== undefined && { muted_until }),
  };
  if (type !== undefined) return { types: { [type]: choice } };
  if (category !== undefined) return { categories: { [category]: choice } };
  return enabled === undefined ? choice : { channels: choice };
}
