import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { defaultRetryPolicy, longestPauseSeconds, retryAfter, retryDelaysSchema } from './retry-policy.ts';

const unhurried = { expiresInSeconds: null, random: 0.5 };
const random = fc.double({ min: 0, max: 1, noNaN: true });

describe('The retry policy', () => {
  it('waits one, two and three minutes and then gives up', () => {
    const answers = [0, 1, 2, 3].map((retriesUsed) => retryAfter(defaultRetryPolicy, { ...unhurried, retriesUsed }));
    expect(answers).toEqual([
      { kind: 'retry', inSeconds: 60 },
      { kind: 'retry', inSeconds: 120 },
      { kind: 'retry', inSeconds: 180 },
      { kind: 'exhausted' },
    ]);
  });

  it('spreads each delay by at most a tenth to either side', () => {
    fc.assert(
      fc.property(fc.nat(2), random, (retriesUsed, random) => {
        const answer = retryAfter(defaultRetryPolicy, { retriesUsed, expiresInSeconds: null, random });
        const base = defaultRetryPolicy.delaysSeconds[retriesUsed]!;
        expect(answer.kind).toBe('retry');
        if (answer.kind !== 'retry') return;
        expect(answer.inSeconds).toBeGreaterThanOrEqual(base * 0.9 - 1e-9);
        expect(answer.inSeconds).toBeLessThanOrEqual(base * 1.1 + 1e-9);
      }),
    );
  });

  it('never comes back earlier than the provider asked for', () => {
    fc.assert(
      fc.property(
        fc.nat(2),
        random,
        fc.double({ min: 0, max: longestPauseSeconds, noNaN: true }),
        (retriesUsed, random, asked) => {
          const answer = retryAfter(defaultRetryPolicy, {
            retriesUsed,
            retryAfterSeconds: asked,
            expiresInSeconds: null,
            random,
          });
          if (answer.kind === 'retry') expect(answer.inSeconds).toBeGreaterThanOrEqual(asked);
        },
      ),
    );
  });

  it('believes a provider that asks for weeks up to a day', () => {
    const answer = retryAfter(defaultRetryPolicy, { ...unhurried, random: 0, retriesUsed: 0, retryAfterSeconds: 1e9 });
    expect(answer).toEqual({ kind: 'retry', inSeconds: longestPauseSeconds });
  });

  it('plans no attempt past the deadline', () => {
    fc.assert(
      fc.property(
        fc.nat(2),
        random,
        fc.double({ min: -10, max: 400, noNaN: true }),
        (retriesUsed, random, expiresInSeconds) => {
          const answer = retryAfter(defaultRetryPolicy, { retriesUsed, expiresInSeconds, random });
          if (answer.kind === 'retry') expect(answer.inSeconds).toBeLessThan(expiresInSeconds);
          else expect(answer.kind).toBe('expired');
        },
      ),
    );
  });
});

describe('RETRY_DELAYS', () => {
  it('is 60,120,180 unless set', () => {
    expect(retryDelaysSchema.parse(undefined)).toEqual([60, 120, 180]);
  });
  it('takes fractions, and none for no retries', () => {
    expect(retryDelaysSchema.parse('0.5, 1')).toEqual([0.5, 1]);
    expect(retryDelaysSchema.parse('none')).toEqual([]);
  });
  it.each(['', '1,,2', 'soon', '-1', '1e9'])('refuses %s and says what it wants', (text) => {
    expect(() => retryDelaysSchema.parse(text)).toThrow(/such as 60,120,180/);
  });
});
