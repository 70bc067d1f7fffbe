import { describe, expect, it } from '@jest/globals';
import { defaultRetryPolicy } from '../retry/retry-policy.ts';
import type { Finding, SendOutcome } from '../provider/provider.ts';
import { afterLookUp, failsOver, judge, settleUncertain, summary, type UncertainPolicy } from './verdict.ts';

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
  const settled = (
    ...[policy, circumstances = fresh, lookUpAfterSeconds = null]: [
      UncertainPolicy,
      (Parameters<typeof settleUncertain>[2] | undefined)?,
      (number | null)?,
    ]
  ) => settleUncertain(policy, defaultRetryPolicy, circumstances, lookUpAfterSeconds);

  it('is sent again where that is the policy, within the limits of the retries and of the deadline', () => {
    expect(settled('resend')).toEqual({ kind: 'resend', inSeconds: 60 });
    expect(settled('resend', { ...fresh, retriesUsed: 3 })).toEqual({ kind: 'stays' });
    expect(settled('resend', { ...fresh, expiresInSeconds: 1 })).toEqual({ kind: 'stays' });
  });
  it('stays as it is where the policy is to stop, or to look up what cannot be looked up', () => {
    expect(settled('stop', fresh, 60)).toEqual({ kind: 'stays' });
    expect(settled('look_up')).toEqual({ kind: 'stays' });
  });
  it('is looked up where it can be, before anything is sent again', () => {
    for (const policy of ['look_up', 'resend'] as const)
      expect(settled(policy, fresh, 60)).toEqual({ kind: 'look_up', inSeconds: 60 });
  });

  const found = (finding: Finding, policy: UncertainPolicy, quietSeconds: number, circumstances = fresh) =>
    afterLookUp(finding, policy, defaultRetryPolicy, circumstances, { quietSeconds, lookUpAfterSeconds: 60 });

  it('is sent when the provider has it, and sent again at once when it certainly has not', () => {
    for (const policy of ['look_up', 'resend'] as const) {
      expect(found({ kind: 'taken', providerMessageId: 'm' }, policy, 60)).toEqual({
        kind: 'sent',
        providerMessageId: 'm',
      });
      expect(found({ kind: 'not_taken' }, policy, 60)).toEqual({ kind: 'resend', inSeconds: 0 });
      expect(found({ kind: 'not_taken' }, policy, 60, { ...fresh, retriesUsed: 3 })).toEqual({ kind: 'stays' });
    }
  });
  it('is looked up after 1, 5 and 25 minutes while the provider does not know, then left or sent again', () => {
    const unknown = { kind: 'unknown' } as const;
    expect(found(unknown, 'look_up', 60)).toEqual({ kind: 'look_up', inSeconds: 240 });
    expect(found(unknown, 'look_up', 300)).toEqual({ kind: 'look_up', inSeconds: 1200 });
    expect(found(unknown, 'look_up', 1500)).toEqual({ kind: 'stays' });
    expect(found(unknown, 'resend', 1500)).toEqual({ kind: 'resend', inSeconds: 60 });
  });
});

describe('Another provider', () => {
  it('is asked when the first one is at fault, never when the message may have been taken or the recipient is', () => {
    const cases: [SendOutcome, boolean][] = [
      [{ kind: 'accepted', providerMessageId: 'm' }, false],
      [{ kind: 'uncertain', error: 'reset' }, false],
      [{ kind: 'permanent', error: 'no such number' }, false],
      [{ kind: 'permanent', error: 'sender id', technical: true }, true],
      [{ kind: 'retryable', error: 'away' }, true],
      [{ kind: 'retryable', error: 'mailbox full', recipient: true }, false],
      [{ kind: 'throttled', error: 'too many' }, true],
    ];
    expect(cases.map(([outcome]) => failsOver(outcome))).toEqual(cases.map(([, expected]) => expected));
  });

  const away: SendOutcome = { kind: 'retryable', error: 'away' };
  const wrong: SendOutcome = { kind: 'permanent', error: 'sender id', technical: true };
  const paused = (retryAfterSeconds: number): SendOutcome => ({ kind: 'throttled', error: 'busy', retryAfterSeconds });

  it('leaves the delivery to be tried again while one of them may work later', () => {
    expect(summary([away, wrong])).toBe(away);
    expect(summary([paused(60), wrong])).toEqual(paused(60));
    expect(summary([wrong, wrong])).toBe(wrong);
    expect(summary([away, { kind: 'permanent', error: 'no such number' }]).kind).toBe('permanent');
    expect(summary([away, { kind: 'uncertain', error: 'reset' }]).kind).toBe('uncertain');
  });

  it('is waited for as long as the least patient one asks, when all ask for a pause', () => {
    expect(summary([paused(600), paused(60)])).toEqual({ kind: 'throttled', error: 'busy', retryAfterSeconds: 60 });
    expect(summary([paused(600), away])).toBe(away);
  });
});
