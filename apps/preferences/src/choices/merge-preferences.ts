import type { Preferences } from '@carillon/contracts';

type Json = Record<string, unknown>;

/**
 * Merges a JSON merge patch (RFC 7396): what it does not mention stays as it was, and `null` takes a choice back. Only
 * `quiet_hours: null` stays, as it is a choice itself. Whether the result makes sense is not looked at here.
 */
export function mergePreferences(before: Preferences, patch: Json): Json {
  return { ...mergePatch(before, patch), ...(patch.quiet_hours === null && { quiet_hours: null }) };
}

function mergePatch(target: unknown, patch: Json): Json {
  const merged: Json = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = isObject(value) ? mergePatch(merged[key], value) : value;
  }
  return merged;
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
