import { describe, expect, it } from '@jest/globals';
import { defaultRetryPolicy } from '../retry/retry-policy.ts';
import { judge, settleUncertain } from './verdict.ts';

const fresh = { retriesUsed: 0, expiresInSeconds: null, random: 0.5 };
const judged = (outcome: Parameters<typeof judge>[0], circumstances = fresh as Parameters<typeof judge>[2]) =>
  judge(outcome, defaultRetryPolicy, circumstances);

describe('An attempt', () => {
  it('that was accepted makes the delivery sent', () => {
    expect(judged({ kind: 'accepted', providerMessageId: 'x' }).happening).toEqual({ kind: 'accepted' });
  });
  it('that failed for now is tried again after the policy’s delay', () => {
    expect(judged({ kind: 'retryable', error: 'away' })).toEqual({
      happening: { kind: 'postponed' },
      delaySeconds: 60,
    });
  });
  it('that was throttled waits as long as the provider asked for', () => {
    const { delaySeconds } = judged({ kind: 'throttled', error: 'busy', retryAfterSeconds: 300 });
    expect(delaySeconds).toBeGreaterThanOrEqual(300);
  });
  it('that failed for now after the last retry makes the delivery failed: temporary, or technical when it was our fault', () => {
    const last = { ...fresh, retriesUsed: 3 };
    expect(judged({ kind: 'retryable', error: 'away' }, last).happening).toEqual({
      kind: 'given_up',
      failure: 'temporary',
    });
    expect(judged({ kind: 'retryable', error: 'password', technical: true }, last).happening).toEqual({
      kind: 'given_up',
      failure: 'technical',
    });
  });
  it('that failed for good makes the delivery failed at once', () => {
    expect(judged({ kind: 'permanent', error: 'no such user' }).happening).toEqual({
      kind: 'given_up',
      failure: 'permanent',
    });
  });
  it('whose retry would come after the deadline makes the delivery expired', () => {
    expect(judged({ kind: 'retryable', error: 'away' }, { ...fresh, expiresInSeconds: 30 }).happening).toEqual({
      kind: 'lapsed',
    });
  });
  it('that was lost makes the delivery uncertain', () => {
    expect(judged({ kind: 'uncertain', error: 'reset' }).happening).toEqual({ kind: 'lost' });
  });
});

describe('An uncertain delivery', () => {
  it('is sent again where that is the policy, within the limits of the retries and of the deadline', () => {
    expect(settleUncertain('resend', defaultRetryPolicy, fresh)?.happening).toEqual({ kind: 'postponed' });
    expect(settleUncertain('resend', defaultRetryPolicy, { ...fresh, retriesUsed: 3 })).toBeNull();
    expect(settleUncertain('resend', defaultRetryPolicy, { ...fresh, expiresInSeconds: 1 })).toBeNull();
  });
  it('stays as it is where the policy is to stop', () => {
    expect(settleUncertain('stop', defaultRetryPolicy, fresh)).toBeNull();
  });
});
