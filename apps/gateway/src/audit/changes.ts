import { isDeepStrictEqual } from 'node:util';

export interface Changes {
  before: unknown;
  after: unknown;
}

/**
 * What differs between two states: of objects only the members that do, of everything else the whole.
 * @returns undefined for both where nothing differs
 */
export function changesBetween(before: unknown, after: unknown): Changes {
  if (isDeepStrictEqual(before, after)) return { before: undefined, after: undefined };
  if (!isRecord(before) || !isRecord(after)) return { before, after };
  const changed: { before: Record<string, unknown>; after: Record<string, unknown> } = { before: {}, after: {} };
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const own = changesBetween(before[name], after[name]);
    if (own.before !== undefined) changed.before[name] = own.before;
    if (own.after !== undefined) changed.after[name] = own.after;
  }
  return changed;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
