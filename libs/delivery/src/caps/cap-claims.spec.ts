import { describe, expect, it } from '@jest/globals';
import { capInWords, claimsOf, effectiveCaps } from './cap-claims.ts';

const amina = { tenant: 'school', recipient: 'amina', destination: '+254711000111' };

describe('The caps of a tenant', () => {
  it('stand over the installation’s, and null lifts one', () => {
    const installation = { per_recipient_hour: 10, per_day: 1000 };
    expect(effectiveCaps({ per_recipient_hour: null, per_recipient_day: 5 }, installation)).toEqual({
      per_recipient_hour: null,
      per_recipient_day: 5,
      per_day: 1000,
    });
    expect(effectiveCaps({ per_day: undefined }, installation)).toEqual(installation);
  });

  it('count a delivery for its recipient, its country and the tenant', () => {
    const caps = { per_recipient_hour: 3, per_recipient_day: 5, per_day: 100, countries_per_day: { '254': 50 } };
    expect(claimsOf(caps, amina)).toEqual([
      { scope: 'recipient_hour', key: expect.stringMatching(/^[\w-]{43}$/), most: 3 },
      { scope: 'recipient_day', key: expect.stringMatching(/^[\w-]{43}$/), most: 5 },
      { scope: 'country_day', key: '254', most: 50 },
      { scope: 'day', key: '', most: 100 },
    ]);
    expect(claimsOf({}, amina)).toEqual([]);
    expect(claimsOf({ per_day: null, countries_per_day: null }, amina)).toEqual([]);
  });

  it('know a country by the longest code, and all others by *', () => {
    const countries_per_day = { '1': 10, '1876': 2, '254': 50, '*': 0 };
    const key = (destination: string) => claimsOf({ countries_per_day }, { ...amina, destination })[0];
    expect(key('+15005550006')).toMatchObject({ key: '1', most: 10 });
    expect(key('+18765550006')).toMatchObject({ key: '1876', most: 2 });
    expect(key('+882350123456')).toMatchObject({ key: '*', most: 0 });
    expect(claimsOf({ countries_per_day: { '254': 5 } }, { ...amina, destination: '+447700900000' })).toEqual([]);
  });

  it('are told in words that name the setting, never the recipient', () => {
    expect(capInWords({ scope: 'recipient_hour', key: 'amina', most: 3 })).toBe(
      'over the cap of 3 messages an hour to one recipient (caps: per_recipient_hour)',
    );
    expect(capInWords({ scope: 'country_day', key: '882', most: 0 })).toBe(
      'no messages are sent to numbers that begin with +882 (caps: countries_per_day)',
    );
  });
});
