import { describe, expect, it } from '@jest/globals';
import type { Channel, RequiredField } from '@carillon/contracts';
import { missingData } from './missing-data.ts';

const field = (name: string, channel: Channel, locale = 'en', key = 'invoice_issued'): RequiredField => ({
  field: name,
  channel,
  template: { key, version: 3, locale },
});
const words = [{ template: 'invoice_issued', channels: ['email', 'sms'] as Channel[] }];

describe('what an event’s data lack', () => {
  it('is told by field, with the templates that need it', () => {
    const required = [
      field('amount', 'email'),
      field('amount', 'sms'),
      field('amount', 'sms', 'sw'),
      field('a.b', 'sms'),
    ];
    expect(missingData({ a: {} }, words, [required])!.toJSON()).toEqual({
      status: 422,
      code: 'missing_data',
      title: 'Data are missing',
      errors: [
        {
          path: 'data.amount',
          message: 'is missing or empty; needed by the template invoice_issued (email en v3, sms en v3, sms sw v3)',
        },
        { path: 'data.a.b', message: 'is missing or empty; needed by the template invoice_issued (sms en v3)' },
      ],
    });
  });

  it('is nothing where all is there, where only other channels need it, and where nobody knows', () => {
    expect(missingData({ amount: 0 }, words, [[field('amount', 'email')]])).toBeUndefined();
    expect(missingData({}, words, [[field('amount', 'in_app')]])).toBeUndefined();
    expect(missingData({}, words, [undefined])).toBeUndefined();
    expect(missingData({}, [], [])).toBeUndefined();
  });

  it('is asked of every type that the event means', () => {
    const two = [...words, { template: 'office', channels: ['in_app'] as Channel[] }];
    const problem = missingData({}, two, [[field('amount', 'sms')], [field('amount', 'in_app', 'en', 'office')]])!;
    expect(problem.errors).toEqual([
      {
        path: 'data.amount',
        message:
          'is missing or empty; needed by the template invoice_issued (sms en v3) and the template office (in_app en v3)',
      },
    ]);
  });

  it('is a name too, where a template writes it and somebody has none', () => {
    const required = [field('recipient.name', 'email')];
    const nameless = (unnamed?: string[]) => [{ ...words[0]!, unnamed }];
    expect(missingData({}, nameless(['bo', 'cleo']), [required])!.errors).toEqual([
      {
        path: 'recipients',
        message: `"bo", "cleo" are without a name, which is needed by the template invoice_issued (email en v3); give one with PUT /v1/recipients/{id}, or write {{ recipient.name | default: '…' }}`,
      },
    ]);
    expect(missingData({}, nameless(), [required])).toBeUndefined();
    expect(missingData({}, nameless(['bo']), [[field('recipient.name', 'in_app')]])).toBeUndefined();
  });

  it('stays short however many languages there are, and never repeats data', () => {
    const required = Array.from({ length: 40 }, (_, n) => field('name', 'email', `l${n}`));
    const problem = missingData({ code: '123456', name: ' ' }, words, [required])!;
    expect(problem.errors![0]!.message).toMatch(/\(email l0 v3, .* and 35 more\)$/);
    expect(JSON.stringify(problem)).not.toContain('123456');
  });
});
