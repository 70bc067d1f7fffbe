import { describe, expect, it } from '@jest/globals';
import type { Actor, InAppRendered } from '@carillon/contracts';
import fc from 'fast-check';
import { renderedFor } from '../../testing/inbox-under-test.ts';
import { rowOf } from '../notification-row.ts';
import { collapse, type Batchable } from './collapse.ts';

const start = Date.parse('2026-11-21T09:00:00Z');
const at = (seconds: number) => new Date(start + seconds * 1000);

function item(seconds: number, changes: Partial<InAppRendered> & { key?: string; max?: number } = {}): Batchable {
  const { key = 'conversation-1', max, ...words } = changes;
  return {
    row: rowOf('school', renderedFor('parent-1', { created_at: at(seconds).toISOString(), ...words })),
    batch: { key, window_ms: 60_000, max },
  };
}
const from = (id: string, seconds: number): Batchable => item(seconds, { actor: { id }, title: `From ${id}` });

describe('similar notifications', () => {
  it('become one, which says what the last one says and names who caused them, the latest first', () => {
    const items = [from('a', 1), from('b', 2), from('a', 3), from('c', 4)];
    const { inserted, updated, joined } = collapse([], items, at(5));
    expect(updated).toEqual([]);
    expect(inserted).toMatchObject([
      {
        id: items[0]!.row.id,
        created_at: at(1),
        arrived_at: at(5),
        title: 'From c',
        count: 4,
        actors: [{ id: 'c' }, { id: 'a' }, { id: 'b' }],
      },
    ]);
    expect(joined.map(({ id, joined: into }) => [id, into])).toEqual(
      items.slice(1).map(({ row }) => [row.id, items[0]!.row.id]),
    );
  });

  it('bring back the row they join: unread, unseen, at the top, wherever it was put', () => {
    const [row] = collapse([], [from('a', 1)], at(1)).inserted;
    const put = {
      ...row!,
      read_at: at(2),
      first_read_at: at(2),
      seen_at: at(2),
      archived_at: at(3),
      snoozed_until: at(999),
    };
    const { inserted, updated } = collapse([put], [from('b', 4)], at(4));
    expect(inserted).toEqual([]);
    expect(updated).toMatchObject([
      {
        id: row!.id,
        count: 2,
        arrived_at: at(4),
        read_at: null,
        first_read_at: at(2),
        seen_at: null,
        archived_at: null,
        snoozed_until: null,
        batch_until: row!.batch_until,
      },
    ]);
  });

  it('are others when their key, type, recipient or tenant is another', () => {
    const other = item(6);
    const items = [
      item(1),
      item(2, { key: 'conversation-2' }),
      item(3, { type: 'new_comment' }),
      item(4, { recipient: 'parent-2' }),
      { ...other, row: { ...other.row, tenant: 'shop' } },
    ];
    expect(collapse([], items, at(7)).inserted.map(({ count }) => count)).toEqual([1, 1, 1, 1, 1]);
  });

  it('begin anew once a row is full', () => {
    const items = Array.from({ length: 8 }, (_, second) => item(second, { max: 3 }));
    const { inserted } = collapse([], items, at(9));
    expect(inserted.map(({ count, batch_until }) => [count, batch_until])).toEqual([
      [3, null],
      [3, null],
      [2, at(69)],
    ]);
  });

  it('are all counted once, in whatever order and portions they come', () => {
    const actor = fc.constantFrom<Actor | null>({ id: 'a' }, { id: 'b' }, { name: 'c' }, null);
    const some = fc.array(fc.record({ actor, key: fc.constantFrom('x', 'y'), portion: fc.nat(4) }), { maxLength: 30 });
    fc.assert(
      fc.property(some, fc.option(fc.integer({ min: 2, max: 5 }), { nil: undefined }), (wanted, max) => {
        const items = wanted.map((one, second) => ({ ...item(second, { ...one, max }), portion: one.portion }));
        const rows = new Map<string, { count: number; key: string; actors: number }>();
        let open: Parameters<typeof collapse>[0] = [];
        const joined = new Set<string>();
        for (const portion of [0, 1, 2, 3, 4]) {
          const result = collapse(
            open,
            items.filter((one) => one.portion === portion),
            at(100),
          );
          const written = [...result.inserted, ...result.updated];
          for (const row of written)
            rows.set(row.id, { count: row.count, key: row.batch_key, actors: row.actors?.length ?? 0 });
          for (const { id } of result.joined) joined.add(id);
          const rewritten = new Set(written.map(({ id }) => id));
          open = [...open.filter(({ id }) => !rewritten.has(id)), ...written].filter(({ batch_until }) => batch_until);
        }
        for (const key of ['x', 'y']) {
          const counts = [...rows.values()].filter((row) => row.key === key).map(({ count }) => count);
          const total = wanted.filter((one) => one.key === key).length;
          expect(counts.reduce((sum, count) => sum + count, 0)).toBe(total);
          expect(counts).toHaveLength(max ? Math.ceil(total / max) : Math.min(1, total));
        }
        expect(rows.size + joined.size).toBe(items.length);
        for (const { actors } of rows.values()) expect(actors).toBeLessThanOrEqual(3);
      }),
    );
  });
});
