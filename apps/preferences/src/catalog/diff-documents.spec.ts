import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonical } from './canonical.ts';
import { diffDocuments } from './diff-documents.ts';

const leaf = fc.oneof(
  fc.integer(),
  fc.string(),
  fc.boolean(),
  fc.constant(null),
  fc.array(fc.integer(), { maxLength: 3 }),
);
// Few keys, so that two documents have much in common; odd ones, so that no path is mistaken for another.
const key = fc.constantFrom('a', 'b', 'c', 'a.b', '', '["a"]', 'b c', '__proto__', '0');
const { document } = fc.letrec<{ document: Record<string, unknown>; value: unknown }>((tie) => ({
  document: fc.dictionary(key, tie('value'), { maxKeys: 4 }),
  value: fc.oneof({ maxDepth: 3 }, leaf, tie('document')),
}));

/** The leaves of a document by their keys: the definition, written another way. */
function leaves(value: unknown, keys: string[] = []): Map<string, string> {
  const isNode = typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
  if (!isNode) return new Map(keys.length === 0 ? [] : [[JSON.stringify(keys), canonical(value)]]);
  return new Map(Object.entries(value as object).flatMap(([name, member]) => [...leaves(member, [...keys, name])]));
}

describe('the difference of two documents', () => {
  it('names what was added, changed and removed, lists as one value', () => {
    const before = { types: { a: { channels: ['in_app'], when: 'data.x' } }, defaults: {} };
    const after = { types: { a: { channels: ['in_app', 'sms'], schema: { required: ['x'] } } }, defaults: {} };
    expect(diffDocuments(before, after)).toEqual([
      { change: 'changed', path: 'types.a.channels', before: ['in_app'], after: ['in_app', 'sms'] },
      { change: 'added', path: 'types.a.schema.required', after: ['x'] },
      { change: 'removed', path: 'types.a.when', before: 'data.x' },
    ]);
  });

  it('tells keys with dots from members', () => {
    expect(diffDocuments({ a: { b: 1 } }, { 'a.b': 1 }).map(({ change, path }) => `${change} ${path}`)).toEqual([
      'added ["a.b"]',
      'removed a.b',
    ]);
  });

  it('is nothing between a document and itself, in whatever order', () => {
    fc.assert(
      fc.property(document, (one) => {
        const turned = Object.fromEntries(Object.entries(one).reverse());
        expect(diffDocuments(one, structuredClone(one))).toEqual([]);
        expect(diffDocuments(one, turned)).toEqual([]);
      }),
    );
  });

  it('names exactly the leaves that differ, each once, with what they were and are', () => {
    fc.assert(
      fc.property(document, document, (before, after) => {
        const [old, fresh] = [leaves(before), leaves(after)];
        const differing = [...new Set([...old.keys(), ...fresh.keys()])].filter((at) => old.get(at) !== fresh.get(at));
        const changes = diffDocuments(before, after);
        expect(changes).toHaveLength(differing.length);
        expect(new Set(changes.map(({ path }) => path)).size).toBe(changes.length);
        const told = changes.map((change) => [
          change.change === 'added' ? undefined : canonical(change.before),
          change.change === 'removed' ? undefined : canonical(change.after),
        ]);
        const expected = differing.map((at) => [old.get(at), fresh.get(at)]);
        expect(told.map(String).sort()).toEqual(expected.map(String).sort());
      }),
      { numRuns: 500 },
    );
  });

  it('is turned round when the documents are', () => {
    fc.assert(
      fc.property(document, document, (before, after) => {
        const opposite = { added: 'removed', removed: 'added', changed: 'changed' };
        const there = diffDocuments(before, after).map(({ change, path }) => `${opposite[change]} ${path}`);
        expect(diffDocuments(after, before).map(({ change, path }) => `${change} ${path}`)).toEqual(there);
      }),
    );
  });
});
