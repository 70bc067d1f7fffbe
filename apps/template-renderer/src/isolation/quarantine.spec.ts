import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Quarantine } from './quarantine.ts';

const minute = 60_000;
const quarantine = () => new Quarantine(new Map(), new Map());

describe('a template that had to be stopped', () => {
  it('is tried three times in a row, then not for a minute, then not for two, and for an hour at most', () => {
    const kept = quarantine();
    let now = 0;
    const pauses: number[] = [];
    for (let stop = 0; stop < 12; stop++) {
      kept.stopped('school', 'loop', 'takes too long', 1, now);
      const ms = kept.held('school', 'loop', now)?.ms ?? 0;
      pauses.push(ms / minute);
      now += ms;
    }
    expect(pauses).toEqual([0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
  });

  it('begins anew when it came to its end, and stays apart all the same', () => {
    const kept = quarantine();
    for (let stop = 0; stop < 3; stop++) kept.stopped('school', 'loop', 'takes too long', 1, 0);
    kept.finished('loop');
    expect(kept.held('school', 'loop', 0)).toBeUndefined();
    expect(kept.has('loop')).toBe(true);
    kept.stopped('school', 'loop', 'takes too long', 1, 0);
    expect(kept.held('school', 'loop', 0)).toBeUndefined();
  });

  it('waits as long as its tenant’s templates have taken two seconds a minute for nothing, and says why', () => {
    const kept = quarantine();
    for (let n = 0; n < 8; n++) kept.stopped('school', `loop ${n}`, 'takes too long', 500, 0);
    expect(kept.held('school', 'loop 0', 0)).toEqual({ ms: minute, why: 'takes too long' });
    expect(kept.held('school', 'loop 0', minute / 2)).toMatchObject({ ms: minute / 2 });
    expect(kept.held('school', 'loop 0', minute)).toBeUndefined();
  });

  it('never holds back another tenant’s template, or one that was never stopped', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ template: fc.constantFrom('a', 'b', 'c'), took: fc.nat(5_000), at: fc.nat(minute) })),
        fc.nat(10 * minute),
        (stops, now) => {
          const kept = quarantine();
          const inOrder = stops.toSorted((one, other) => one.at - other.at);
          for (const { template, took, at } of inOrder) kept.stopped('hostile', template, 'takes too long', took, at);
          expect(kept.held('hostile', 'good', now + minute)).toBeUndefined();
          expect(kept.held('school', 'good', now + minute)).toBeUndefined();
          expect(kept.size).toBe(new Set(stops.map(({ template }) => template)).size);
        },
      ),
    );
  });

  it('costs its tenant’s allowance and one more try for each template at most, in any minute', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 1_000 }), (templates, took) => {
        const kept = quarantine();
        let spent = 0;
        // As fast as they can, one after the other, for a minute.
        for (let now = 0, n = 0; now < minute; n++) {
          const template = `loop ${n % templates}`;
          if (kept.held('hostile', template, now)) {
            now += 100;
            continue;
          }
          now += took;
          spent += took;
          kept.stopped('hostile', template, 'takes too long', took, now);
        }
        // At first 2 seconds, 2 more come back meanwhile; and each has its first try.
        expect(spent).toBeLessThanOrEqual(4_000 + (templates + 1) * took);
      }),
    );
  });
});
