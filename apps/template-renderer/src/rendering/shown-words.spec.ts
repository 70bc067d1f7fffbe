import { describe, expect, it } from '@jest/globals';
import { shownWordsOf } from './shown-words.ts';
import { smsPricesSchema } from './sms-prices.ts';

const tariff = { prices: smsPricesSchema.parse('{"+254":0.8,"+2547":0.7,"*":2}'), currency: 'KES' };
const sms = (text: string, to: string, by: Parameters<typeof shownWordsOf>[2] = tariff) =>
  shownWordsOf('sms', { text }, by, to).sms;

describe('an SMS that is looked at before it is sent', () => {
  it('has its length, and costs its segments by the longest beginning of the number', () => {
    expect(sms('a'.repeat(161), '+254711000111')).toEqual({
      text: 'a'.repeat(161),
      alphabet: 'GSM-7',
      units: 161,
      segments: 2,
      cost: { amount: 1.4, currency: 'KES' },
    });
    expect(sms('č', '+254200000000')).toMatchObject({ alphabet: 'UCS-2', cost: { amount: 0.8, currency: 'KES' } });
    expect(sms('a'.repeat(400), '+491700000000')).toMatchObject({ segments: 3, cost: { amount: 6 } });
    expect(sms('a', '')).toMatchObject({ cost: { amount: 2 } });
  });

  it('has no cost where no price is set', () => {
    expect(sms('a', '+254711000111', { currency: 'KES' })).toMatchObject({ cost: null });
    expect(sms('a', '+491700000000', { prices: { '+254': 1 }, currency: 'KES' })).toMatchObject({ cost: null });
  });
});

describe('prices of SMS', () => {
  it('are one for all, or by the beginning of the number', () => {
    expect(smsPricesSchema.parse('0.05')).toEqual({ '*': 0.05 });
    for (const wrong of ['', 'free', '-1', '{"KE":1}', '{"+254":"1"}', '[1]'])
      expect(smsPricesSchema.safeParse(wrong).error?.issues[0]!.message).toBe(
        'must be a price such as 0.8, or prices such as {"+254":0.8,"*":2}',
      );
  });
});

describe('an email that is looked at before it is sent', () => {
  it('names its files without showing what is in them', () => {
    const content = Buffer.from('12345').toString('base64');
    const words = {
      subject: 'S',
      html: 'H',
      text: 'T',
      reply_to: 'a@b.example',
      attachments: [{ filename: 'a.txt', content_type: 'text/plain', content }],
    };
    expect(shownWordsOf('email', words, tariff, '').email).toEqual({
      ...words,
      attachments: [{ filename: 'a.txt', content_type: 'text/plain', bytes: 5 }],
    });
  });
});
