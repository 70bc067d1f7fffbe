import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { admit, withoutOld, type Admission, type Limit } from './admit.ts';

const hour = 3_600_000;
const limit: Limit = { max: 2, windowMs: hour };
const one = (id: string, at: number): Admission => ({ id, at });

/** Lets them ask one after the other; answers with the answers and with what was admitted in all. */
function ask(requests: readonly Admission[], of: Limit) {
  let admitted: readonly Admission[] = [];
  const everything: Admission[] = [];
  const answers = requests.map((request) => {
    const result = admit(admitted, request, of);
    if (result.admitted !== admitted) everything.push(request);
    admitted = withoutOld(result.admitted, of.windowMs);
    return result.admits;
  });
  return { answers, everything };
}

/** The fullest stretch of a window’s length. */
function fullest(admitted: readonly Admission[], windowMs: number): number {
  const counts = admitted.map(
    ({ at }) => admitted.filter((other) => other.at >= at && other.at < at + windowMs).length,
  );
  return Math.max(0, ...counts);
}

describe('a throttle', () => {
  it('lets the first ones pass, refuses the next, and lets one pass again when the window has moved on', () => {
    const { answers } = ask(
      [one('a', 0), one('b', 10), one('c', hour - 1), one('d', hour), one('e', hour + 1), one('f', hour + 10)],
      limit,
    );
    expect(answers).toEqual([true, true, false, true, false, true]);
  });

  it('does not begin a new window at the full hour: a stretch across it is held to the limit as well', () => {
    const { answers } = ask([one('a', hour - 2), one('b', hour - 1), one('c', hour)], limit);
    expect(answers).toEqual([true, true, false]);
  });

  it('lets what has passed pass again, and counts it once', () => {
    const { answers, everything } = ask([one('a', 0), one('a', 5), one('b', 6), one('a', 7), one('c', 8)], limit);
    expect(answers).toEqual([true, true, true, true, false]);
    expect(everything.map(({ id }) => id)).toEqual(['a', 'b']);
  });

  it('counts what another replica admitted later, by a clock that is ahead', () => {
    const { answers } = ask([one('a', 20), one('b', 30), one('c', 10)], limit);
    expect(answers).toEqual([true, true, false]);
  });

  it('holds to a lower limit as soon as there is one', () => {
    const admitted = [one('a', 0), one('b', 1), one('c', 2)];
    expect(admit(admitted, one('d', 3), { max: 1, windowMs: hour }).admits).toBe(false);
    expect(admit(admitted, one('d', 3), { max: 4, windowMs: hour }).admits).toBe(true);
  });

  describe('whatever comes', () => {
    const limits = fc.record({ max: fc.integer({ min: 1, max: 5 }), windowMs: fc.integer({ min: 1, max: 50 }) });
    const ids = fc.nat(200).map(String);
    const gaps = fc.array(fc.record({ id: ids, gap: fc.nat(20) }), { maxLength: 60 });
    const inOrder = gaps.map((list) => {
      let at = 0;
      return list.map(({ id, gap }) => one(id, (at += gap)));
    });

    it('no stretch holds more than the limit, in whatever order the times come', () => {
      const anyOrder = fc.array(fc.record({ id: ids, at: fc.nat(300) }), { maxLength: 60 });
      fc.assert(
        fc.property(limits, anyOrder, (of, requests) => {
          let admitted: readonly Admission[] = [];
          for (const request of requests) admitted = admit(admitted, request, of).admitted;
          expect(fullest(admitted, of.windowMs)).toBeLessThanOrEqual(of.max);
          expect(admitted).toEqual([...admitted].sort((a, b) => a.at - b.at));
        }),
      );
    });

    it('none is refused while there is room, though old ones are forgotten', () => {
      fc.assert(
        fc.property(limits, inOrder, (of, requests) => {
          const { answers, everything } = ask(requests, of);
          expect(fullest(everything, of.windowMs)).toBeLessThanOrEqual(of.max);
          requests.forEach(({ at }, index) => {
            if (answers[index]) return;
            const before = everything.filter((other) => other.at > at - of.windowMs && other.at <= at);
            expect(before.length).toBe(of.max);
          });
        }),
      );
    });

    it('clocks that differ by less than a window break no limit', () => {
      fc.assert(
        fc.property(limits, inOrder, fc.array(fc.nat(49)), (of, requests, skews) => {
          const skewed = requests.map(({ id, at }, index) => one(id, at + ((skews[index] ?? 0) % of.windowMs)));
          const { everything } = ask(skewed, of);
          expect(fullest(everything, of.windowMs)).toBeLessThanOrEqual(of.max);
        }),
      );
    });

    it('asking changes nothing that is handed in', () => {
      fc.assert(
        fc.property(limits, inOrder, (of, requests) => {
          const admitted = Object.freeze(requests.map((request) => Object.freeze({ ...request })));
          expect(admit(admitted, one('new', 5), of).admits).toBeDefined();
          expect(withoutOld(admitted, of.windowMs).length).toBeLessThanOrEqual(admitted.length);
        }),
      );
    });
  });
});
