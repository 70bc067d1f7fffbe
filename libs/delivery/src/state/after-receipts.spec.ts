import { describe, expect, it } from '@jest/globals';
import { failures, receiptWords, type ReceiptWord } from '@carillon/contracts';
import fc from 'fast-check';
import { afterReceipts, type Attempts, type Reported } from './after-receipts.ts';
import { terminalStates, type Standing } from './standing.ts';

const once: Attempts = { attempts: 1, round_start: 0 };
const at = (status: Exclude<Standing['status'], 'failed'>): Standing => ({ status, failure: null });
const said = (...words: ReceiptWord[]): Reported[] => words.map((says) => ({ attempt: 1, says }));

/** A delivery that has been handed to a provider at least once. */
const anyStanding: fc.Arbitrary<Standing> = fc.oneof(
  fc.constantFrom('sending', 'sent', 'delivered', 'retrying', 'uncertain', 'expired', 'cancelled').map(at),
  fc.constantFrom(...failures).map((failure) => ({ status: 'failed', failure }) as Standing),
);
const anyAttempts = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 3 }))
  .map(([attempts, before]) => ({ attempts, round_start: Math.min(before, attempts) }));
const anyReceipt = fc.record({ attempt: fc.integer({ min: 1, max: 4 }), says: fc.constantFrom(...receiptWords) });

/** Receipts as they come in: after each one, all that are known by then are told. */
function told(start: Standing, of: Attempts, receipts: readonly Reported[]): Standing {
  return receipts.reduce((reached, _, index) => afterReceipts(reached, of, receipts.slice(0, index + 1)), start);
}

describe('The state of a delivery after its receipts', () => {
  it('is the same in any order, with any of them repeated, one by one or all at once', () => {
    // A provider that does not contradict itself: what it rejected for good has not arrived too.
    const consistent = fc
      .tuple(fc.array(anyReceipt, { maxLength: 6 }), fc.boolean())
      .map(([receipts, arrived]) =>
        receipts.filter(({ says }) => (arrived ? says !== 'rejected' : says !== 'delivered' && says !== 'complained')),
      );
    const story = consistent.chain((receipts) => {
      const order = fc
        .tuple(fc.shuffledSubarray(receipts, { minLength: receipts.length }), fc.subarray(receipts))
        .map(([all, again]) => [...all, ...again]);
      return fc.tuple(order, order);
    });
    fc.assert(
      fc.property(anyStanding, anyAttempts, story, (start, of, [one, other]) => {
        const end = told(start, of, one);
        expect(told(start, of, other)).toEqual(end);
        expect(afterReceipts(start, of, one)).toEqual(end);
      }),
      { numRuns: 2_000 },
    );
  });

  it('never leaves a terminal one, except for delivered, or rejected, after a temporary failure', () => {
    fc.assert(
      fc.property(anyStanding, anyAttempts, fc.array(anyReceipt), (start, of, receipts) => {
        fc.pre(terminalStates.includes(start.status));
        const end = afterReceipts(start, of, receipts);
        if (end.status === start.status && end.failure === start.failure) return;
        expect(start).toEqual({ status: 'failed', failure: 'temporary' });
        expect([at('delivered'), { status: 'failed', failure: 'permanent' }]).toContainEqual(end);
      }),
    );
  });

  it('stays as it is when the same receipts are told again', () => {
    fc.assert(
      fc.property(anyStanding, anyAttempts, fc.array(anyReceipt), (start, of, receipts) => {
        const end = afterReceipts(start, of, receipts);
        expect(afterReceipts(end, of, receipts)).toEqual(end);
      }),
    );
  });

  it('settles what was uncertain', () => {
    expect(afterReceipts(at('uncertain'), once, said('accepted'))).toEqual(at('sent'));
    expect(afterReceipts(at('uncertain'), once, said('undelivered')).failure).toBe('temporary');
    expect(afterReceipts(at('uncertain'), once, said('delivered'))).toEqual(at('delivered'));
  });

  it('is delivered when the person complains about it', () => {
    expect(afterReceipts(at('sent'), once, said('complained'))).toEqual(at('delivered'));
  });

  it('is not failed by what is said of an attempt that another one has followed', () => {
    const twice: Attempts = { attempts: 2, round_start: 0 };
    expect(afterReceipts(at('sending'), twice, said('undelivered', 'rejected'))).toEqual(at('sending'));
    expect(afterReceipts(at('sending'), twice, said('accepted'))).toEqual(at('sent'));
  });

  it('is not failed again by old receipts once a person has asked for another try, but is delivered by them', () => {
    const reopened: Attempts = { attempts: 1, round_start: 1 };
    expect(afterReceipts(at('retrying'), reopened, said('accepted', 'undelivered', 'rejected'))).toEqual(
      at('retrying'),
    );
    expect(afterReceipts(at('retrying'), reopened, said('delivered'))).toEqual(at('delivered'));
  });
});
