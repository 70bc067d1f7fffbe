import type { CatalogChange } from '@carillon/contracts';
import { canonical } from './canonical.ts';

/**
 * What differs between two JSON documents, leaf by leaf, in the order of their paths. A leaf is whatever has no members: a value,
 * a list, an object that is empty. Where a leaf becomes an object or the other way round, one is removed and others added.
 */
export function diffDocuments(before: unknown, after: unknown): CatalogChange[] {
  const [old, fresh] = [leavesOf(before), leavesOf(after)];
  return [...new Set([...old.keys(), ...fresh.keys()])].sort().flatMap((path): CatalogChange[] => {
    if (!old.has(path)) return [{ change: 'added', path, after: fresh.get(path) }];
    if (!fresh.has(path)) return [{ change: 'removed', path, before: old.get(path) }];
    if (canonical(old.get(path)) === canonical(fresh.get(path))) return [];
    return [{ change: 'changed', path, before: old.get(path), after: fresh.get(path) }];
  });
}

/** Of the document itself nothing is said when it is empty. */
function leavesOf(document: unknown): Map<string, unknown> {
  const leaves = new Map<string, unknown>();
  const collect = (value: unknown, path: string): void => {
    const members = typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
    if (members.length === 0 && path !== '') leaves.set(path, value);
    for (const [key, member] of members) collect(member, pathTo(path, key));
  };
  collect(document, '');
  return leaves;
}

/** `types.lesson_scheduled`; a key that is no plain word is quoted, so that no two leaves have the same path. */
function pathTo(path: string, key: string): string {
  if (!/^[\w$-]+$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path ? `${path}.${key}` : key;
}
