import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { handed, nothing, pass, wanted, type Handed, type Share } from './share.ts';

/** The row of a window, as the database keeps it. */
class Window {
  private began = -Infinity;
  private used = 0;

  constructor(private readonly lengthMs: number) {}

  ask(count: number, now: number): Handed {
    if (now >= this.began + this.lengthMs) [this.began, this.used] = [now, 0];
    this.used += count;
    return { window: String(this.began), count, used: this.used, endsInMs: this.began + this.lengthMs - now };
  }
}

describe('A limit that replicas keep together', () => {
  const requests = fc.array(fc.record({ replica: fc.nat(3), pauseMs: fc.integer({ min: 0, max: 40 }) }), {
    maxLength: 600,
  });

  it('is never exceeded in a window, and a replica alone gets all of it', () => {
    fc.assert(
      fc.property(requests, fc.integer({ min: 1, max: 100 }), fc.boolean(), (all, quota, alone) => {
        const lengthMs = 1_000;
        const window = new Window(lengthMs);
        const shares: Share[] = [nothing, nothing, nothing, nothing];
        const passed = new Map<string, number>();
        const refused = new Map<string, number>();
        let now = 0;
        for (const { replica, pauseMs } of all) {
          now += pauseMs;
          const who = alone ? 0 : replica;
          for (;;) {
            const share = shares[who]!;
            const decision = pass(share, now);
            if (decision.kind === 'ask') {
              shares[who] = handed(share, window.ask(wanted(share, quota, now), now), quota, now);
              continue;
            }
            const counts = decision.kind === 'pass' ? passed : refused;
            counts.set(share.window, (counts.get(share.window) ?? 0) + 1);
            if (decision.kind === 'pass') shares[who] = decision.share;
            else expect(decision.inMs).toBeLessThanOrEqual(lengthMs);
            break;
          }
        }
        for (const count of passed.values()) expect(count).toBeLessThanOrEqual(quota);
        if (alone) for (const at of refused.keys()) expect(passed.get(at)).toBe(quota);
      }),
    );
  });

  it('hands out what half a second is likely to take, at most a twentieth of a window', () => {
    const share: Share = { ...nothing, handed: 100, left: 20, since: 0 };
    expect(wanted(nothing, 6_000, 0)).toBe(1);
    expect(wanted(share, 6_000, 1_000)).toBe(40);
    expect(wanted(share, 6_000, 10)).toBe(300);
    expect(wanted(share, 10, 10)).toBe(1);
  });

  it('is asked for more before a share is used up', () => {
    const share: Share = { window: 'a', left: 4, unclaimed: 10, endsAt: 100, since: 0, handed: 8 };
    expect(pass(share, 0)).toMatchObject({ kind: 'pass', refill: false });
    expect(pass({ ...share, left: 3 }, 0)).toMatchObject({ kind: 'pass', refill: true });
    expect(pass({ ...share, left: 3, unclaimed: 0 }, 0)).toMatchObject({ kind: 'pass', refill: false });
  });
});
