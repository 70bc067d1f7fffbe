import { engagedBy as kinds } from '@carillon/contracts';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { keptAtMost, tooSoonMs, withHappenings, type Engaged, type Happening } from './engagement.ts';

const sentAt = Date.parse('2026-11-21T09:30:00.000Z');
const at = (ms: number) => new Date(sentAt + ms).toISOString();
const nothing: Engaged = { engagement: [], opened_at: null, clicked_at: null };
const happening = fc.record({
  id: fc.uuid(),
  kind: fc.constantFrom('opened' as const, 'clicked' as const),
  link: fc.constant(null),
  by: fc.constantFrom(...kinds),
  at: fc.integer({ min: -1_000, max: 100_000 }).map(at),
});
const happenings = fc.uniqueArray(happening, { selector: ({ id }) => id, maxLength: 80 });

describe('what a delivery knows of its opens and clicks', () => {
  it('is the same after hearing of them twice', () => {
    fc.assert(
      fc.property(happenings, (all) => {
        const few = all.slice(0, keptAtMost);
        const once = withHappenings(nothing, few, sentAt);
        expect(withHappenings(once, few, sentAt)).toEqual(once);
        expect(withHappenings(nothing, [...few, ...few], sentAt)).toEqual(once);
      }),
    );
  });

  it('has the same first times whatever order they come in, and however many programs came before', () => {
    fc.assert(
      fc.property(happenings, fc.nat(80), (all, cut) => {
        const first = (kind: Happening['kind']) =>
          all
            .filter((one) => one.kind === kind && one.by === 'person' && Date.parse(one.at) - sentAt >= tooSoonMs)
            .map((one) => one.at)
            .sort()[0] ?? null;
        const shuffled = [...all.slice(cut), ...all.slice(0, cut)];
        const after = shuffled.reduce((known, one) => withHappenings(known, [one], sentAt), nothing);
        expect([after.opened_at, after.clicked_at]).toEqual([first('opened'), first('clicked')]);
        expect(after.engagement.length).toBe(Math.min(all.length, keptAtMost));
      }),
    );
  });

  it('takes whoever comes within two seconds of the sending for a program', () => {
    const one = { id: '1', kind: 'clicked', link: 0, by: 'person' } as const;
    expect(withHappenings(nothing, [{ ...one, at: at(1_999) }], sentAt)).toEqual({
      ...nothing,
      engagement: [{ ...one, at: at(1_999), by: 'bot' }],
    });
    expect(withHappenings(nothing, [{ ...one, at: at(2_000) }], sentAt)).toMatchObject({ clicked_at: at(2_000) });
  });
});
