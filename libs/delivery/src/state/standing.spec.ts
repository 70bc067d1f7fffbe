import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { changedFrom, next, terminalStates, type Happening, type Standing } from './standing.ts';

const receipt = (says: 'delivered' | 'undelivered' | 'rejected'): Happening => ({ kind: 'receipt', says });
const standing = (status: Standing['status'], failure: Standing['failure'] = null): Standing => ({ status, failure });
const after = (start: Standing, happenings: readonly Happening[]): Standing => happenings.reduce(next, start);

const anyHappening: fc.Arbitrary<Happening> = fc.oneof(
  fc
    .constantFrom('claimed', 'accepted', 'postponed', 'lapsed', 'lost', 'suppressed', 'cancelled', 'reopened')
    .map((kind) => ({ kind }) as Happening),
  fc.constantFrom('permanent', 'temporary', 'technical').map((failure) => ({ kind: 'given_up', failure }) as Happening),
  fc.constantFrom('delivered', 'undelivered', 'rejected').map((says) => receipt(says as 'delivered')),
);

describe('The life of a delivery', () => {
  it('goes from queued over sending and sent to delivered', () => {
    const story: Happening[] = [{ kind: 'claimed' }, { kind: 'accepted' }, receipt('delivered')];
    expect(story.map((_, count) => after(standing('queued'), story.slice(0, count + 1)).status)).toEqual([
      'sending',
      'sent',
      'delivered',
    ]);
  });

  it('waits as retrying between two attempts', () => {
    expect(after(standing('sending'), [{ kind: 'postponed' }])).toEqual(standing('retrying'));
    expect(after(standing('sending'), [{ kind: 'postponed' }, { kind: 'claimed' }])).toEqual(standing('sending'));
  });

  it('names why it failed', () => {
    expect(next(standing('sending'), { kind: 'given_up', failure: 'technical' })).toEqual(
      standing('failed', 'technical'),
    );
  });

  it('is delivered after all when a late receipt says so of a temporary failure, and only of that', () => {
    expect(next(standing('failed', 'temporary'), receipt('delivered')).status).toBe('delivered');
    expect(next(standing('failed', 'permanent'), receipt('delivered')).status).toBe('failed');
    expect(next(standing('failed', 'technical'), receipt('delivered')).status).toBe('failed');
  });

  it('never leaves a terminal state, whatever happens, except for delivered after a temporary failure and by hand', () => {
    fc.assert(
      fc.property(fc.array(anyHappening, { maxLength: 12 }), anyHappening, (past, happening) => {
        const before = after(standing('queued'), past);
        fc.pre(terminalStates.includes(before.status));
        const now = next(before, happening);
        if (now.status === before.status) return;
        expect(before.status).toBe('failed');
        if (happening.kind === 'reopened') expect(now.status).toBe('retrying');
        else expect([before.failure, now.status]).toEqual(['temporary', 'delivered']);
      }),
    );
  });

  it('ends in the same state whatever the order and the number of the receipts and of the answer of the attempt', () => {
    const verdict = fc.constantFrom<Happening[]>([], [receipt('delivered')], [receipt('rejected')]);
    const story = fc.tuple(verdict, fc.subarray<Happening>([receipt('undelivered'), { kind: 'accepted' }]));
    const twoOrders = story.chain(([final, others]) => {
      const told = [...final, ...others];
      const order = fc
        .tuple(fc.shuffledSubarray(told, { minLength: told.length }), fc.subarray(told))
        .map(([all, again]) => [...all, ...again]);
      return fc.tuple(order, order);
    });
    fc.assert(
      fc.property(twoOrders, ([one, other]) => {
        expect(after(standing('sending'), one)).toEqual(after(standing('sending'), other));
      }),
    );
  });

  it('keeps the first word of a provider that contradicts itself', () => {
    expect(after(standing('sent'), [receipt('delivered'), receipt('rejected')]).status).toBe('delivered');
    expect(after(standing('sent'), [receipt('rejected'), receipt('delivered')]).status).toBe('failed');
  });

  it('does not change when the same thing happens twice', () => {
    fc.assert(
      fc.property(fc.array(anyHappening, { maxLength: 8 }), anyHappening, (past, happening) => {
        const once = next(after(standing('queued'), past), happening);
        expect(next(once, happening)).toEqual(once);
      }),
    );
  });

  it('has a failure exactly when it failed', () => {
    fc.assert(
      fc.property(fc.array(anyHappening), (past) => {
        const { status, failure } = after(standing('queued'), past);
        expect(failure !== null).toBe(status === 'failed');
      }),
    );
  });

  it('believes an answer that came after the attempt had been given up for lost', () => {
    expect(next(standing('uncertain'), { kind: 'accepted' }).status).toBe('sent');
    expect(next(standing('retrying'), { kind: 'accepted' }).status).toBe('sent');
  });
});

describe('The guard of an update', () => {
  it('lists exactly the states that the happening changes', () => {
    expect(changedFrom({ kind: 'accepted' }).sort()).toEqual(['retrying', 'sending', 'uncertain']);
    expect(changedFrom({ kind: 'lost' })).toEqual(['sending']);
    expect(changedFrom(receipt('delivered'))).toContain('failed');
    expect(changedFrom(receipt('delivered'))).not.toContain('expired');
  });
});
