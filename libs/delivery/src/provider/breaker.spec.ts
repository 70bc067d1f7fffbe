import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  admit,
  closed,
  defaultBreakerPolicy as policy,
  report,
  withdraw,
  type BreakerReport,
  type BreakerState,
  type NotClosed,
} from './breaker.ts';

const ok: BreakerReport = { kind: 'ok', tookMs: 100 };
const slow: BreakerReport = { kind: 'ok', tookMs: policy.slowMs + 1 };
const error: BreakerReport = { kind: 'error', tookMs: 100 };
const pause = (pauseMs: number): BreakerReport => ({ kind: 'pause', tookMs: 100, pauseMs });

/** After reports that come evenly over a time. */
function after(
  reports: readonly BreakerReport[],
  overMs: number,
  state: BreakerState = closed as BreakerState,
  startMs = 1e12,
): BreakerState {
  const step = overMs / Math.max(reports.length, 1);
  return reports.reduce<BreakerState>((now, each, index) => report(now, each, policy, startMs + index * step), state);
}
const times = (count: number, each: BreakerReport) => Array.from({ length: count }, () => each);

describe('The breaker of a provider', () => {
  it('opens at fifty errors within a minute, not at forty-nine', () => {
    expect(after(times(49, error), 50_000).kind).toBe('closed');
    expect(after(times(50, error), 50_000)).toMatchObject({ kind: 'open', reason: '50 errors within 60 seconds' });
  });

  it('stays closed when fifty errors take their time', () => {
    expect(after(times(50, error), 30 * 60_000).kind).toBe('closed');
  });

  it('opens when 15 % of the answers are slow, once there are enough to tell', () => {
    expect(after([...times(17, ok), ...times(3, slow)], 60_000)).toMatchObject({
      kind: 'open',
      reason: '3 of 20 answers took longer than 10 seconds',
    });
    expect(after([...times(18, ok), ...times(2, slow)], 60_000).kind).toBe('closed');
    expect(after(times(19, slow), 60_000).kind).toBe('closed');
    expect(after(times(20, slow), 60_000).kind).toBe('open');
  });

  it('forgets slow answers after a quarter of an hour', () => {
    const before = after(times(19, slow), 60_000);
    expect(after([slow], 1, before, 1e12 + 17 * 60_000).kind).toBe('closed');
  });

  it('lets nobody through while open, then one, and closes when that goes well', () => {
    const open = after(times(50, error), 1) as NotClosed;
    expect(admit(open, open.retryAt - 1).admitted).toBe(false);
    const first = admit(open, open.retryAt);
    expect([first.admitted, first.state.kind]).toEqual([true, 'half_open']);
    expect(admit(first.state, open.retryAt).admitted).toBe(false);
    expect(report(first.state, ok, policy, open.retryAt)).toEqual(closed);
  });

  it('waits twice as long after each try that fails, up to five minutes', () => {
    let state: BreakerState = after(times(50, error), 1);
    const pauses: number[] = [];
    for (let round = 0; round < 6 && state.kind !== 'closed'; round += 1) {
      const at = state.retryAt;
      state = report(admit(state, at).state, error, policy, at);
      if (state.kind !== 'closed') pauses.push((state.retryAt - at) / 1000);
    }
    expect(pauses).toEqual([60, 120, 240, 300, 300, 300]);
  });

  it('tries the next message when the one that was let through is not sent', () => {
    const open = after(times(50, error), 1) as NotClosed;
    const { state } = admit(open, open.retryAt);
    expect(admit(withdraw(state, open.retryAt), open.retryAt).admitted).toBe(true);
    expect(withdraw(closed, 0)).toBe(closed);
  });

  it('does not wait for ever for a try that never ends', () => {
    const open = after(times(50, error), 1) as NotClosed;
    const { state } = admit(open, open.retryAt);
    expect(admit(state, open.retryAt + 119_999).admitted).toBe(false);
    expect(admit(state, open.retryAt + 120_000).admitted).toBe(true);
  });

  it('grants the pause that the provider asks for, at most five minutes', () => {
    expect(report(closed, pause(42_000), policy, 0)).toMatchObject({ kind: 'open', retryAt: 42_000 });
    expect(report(closed, pause(86_400_000), policy, 0)).toMatchObject({ kind: 'open', retryAt: 300_000 });
  });

  it('whatever happens: never opens without cause, never stays open for ever, keeps little', () => {
    const anyReport = fc.record({
      kind: fc.constantFrom('ok', 'error', 'pause'),
      tookMs: fc.integer({ min: 0, max: 40_000 }),
      pauseMs: fc.integer({ min: 0, max: 1e9 }),
      after: fc.integer({ min: 0, max: 120_000 }),
    });
    fc.assert(
      fc.property(fc.array(anyReport, { maxLength: 300 }), (story) => {
        let state: BreakerState = closed;
        let now = 1e12;
        for (const each of story) {
          now += each.after;
          const before = state;
          const asked = admit(state, now);
          state = asked.state;
          if (asked.admitted) state = report(state, each as BreakerReport, policy, now);
          if (before.kind === 'closed' && state.kind !== 'closed')
            expect(each.kind !== 'ok' || each.tookMs > policy.slowMs).toBe(true);
          if (state.kind === 'closed') {
            expect(state.errors.length).toBeLessThanOrEqual(15);
            expect(state.answers.length).toBeLessThanOrEqual(15);
          } else expect(admit(state, now + policy.longestPauseMs).admitted).toBe(true);
        }
      }),
    );
  });
});
