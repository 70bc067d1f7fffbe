import { describe, expect, it } from '@jest/globals';
import { smsNotes } from './sms-notes.ts';

describe('what the author of an SMS is told', () => {
  it('is nothing about one that costs no more than it has to', () => {
    expect(smsNotes('Invoice INV-1001 is due.')).toEqual([]);
    expect(smsNotes('a'.repeat(400))).toEqual([]);
    // One SMS either way.
    expect(smsNotes('Pay “now”')).toEqual([]);
  });

  it('is which characters make it cost more', () => {
    expect(smsNotes(`Pay “now” – ${'a'.repeat(100)}`)).toEqual([
      'This is 2 SMS because of “ ” – outside the GSM alphabet; without them it would be 1.',
    ]);
  });

  it('is that it would not be sent', () => {
    expect(smsNotes('a'.repeat(1531))).toEqual(['This is 11 SMS; more than 10 are never sent.']);
  });
});
