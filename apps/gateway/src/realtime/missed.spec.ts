import { describe, expect, it } from '@jest/globals';
import { notificationExample, type Notification } from '@carillon/contracts';
import fc from 'fast-check';
import { LastIds } from './last-ids.ts';
import { missedBy } from './missed.ts';

const at = (place: number, count = 1): Notification => ({
  ...notificationExample,
  id: String(place).padStart(4, '0'),
  arrived_at: new Date(place).toISOString(),
  count,
});
const told = (has: Iterable<string>, since: string, data: Notification[], overlap: number) =>
  missedBy(new Set(has), since, { data, overlap }).map(({ event, notification }) => `${event} ${notification.id}`);

describe('what a client has missed', () => {
  it('is each one that it lacks, once, in order, whatever it has of those between its first and its last', () => {
    const rows = fc
      .uniqueArray(fc.nat(9999), { maxLength: 40 })
      .map((places) => places.sort((a, b) => a - b).map((place) => at(place)));
    const cut = fc.record({ rows, from: fc.nat(40), to: fc.nat(40), lacks: fc.uniqueArray(fc.nat(40)) });
    fc.assert(
      fc.property(cut, ({ rows, from, to, lacks }) => {
        const first = Math.min(from, to, rows.length - 1);
        const last = Math.min(Math.max(from, to), rows.length - 1);
        if (last < 0) return;
        // The first and the last are certain, some in between are not.
        const has = rows.slice(first, last + 1).filter((_, n) => n === 0 || n === last - first || !lacks.includes(n));
        const ids = new Set(has.map(({ id }) => id));
        const expected = rows.slice(first).filter(({ id }) => !ids.has(id));
        expect(told(ids, rows[last]!.id, rows, last + 1)).toEqual(
          expected.map(({ id }) => `notification.created ${id}`),
        );
      }),
    );
  });

  it('is an update of what it has and what came in again, or was joined by others while it was away', () => {
    const [known, joined] = [at(1), at(2, 3)];
    expect(told(['0001', '0005'], '0005', [known, joined, at(6, 2), at(7)], 0)).toEqual([
      'notification.updated 0001',
      'notification.updated 0002',
      'notification.created 0006',
      'notification.created 0007',
    ]);
  });

  it('is not looked for before the first that it names: it may have read that from a list', () => {
    expect(told(['0003', '0005'], '0005', [at(1), at(2), at(3), at(4), at(5), at(6)], 5)).toEqual([
      'notification.created 0004',
      'notification.created 0006',
    ]);
    expect(told(['0005'], '0005', [at(1), at(2), at(6)], 2)).toEqual(['notification.created 0006']);
  });
});

describe('the last ids', () => {
  it('are those that arrived last, in whatever order they were told', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(9999), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 20 }),
        (places, least) => {
          const ids = new LastIds(['unknown'], least);
          for (const place of places) {
            ids.add(at(place).id, at(place).arrived_at);
            ids.trim();
          }
          const inOrder = places.toSorted((a, b) => a - b).slice(-least);
          expect(ids.size).toBeLessThanOrEqual(2 * least);
          for (const place of inOrder) expect(ids.has(at(place).id)).toBe(true);
        },
      ),
    );
  });
});
