import { describe, expect, it } from '@jest/globals';
import { eventRequestSchema } from '@carillon/contracts';
import { byField, eventOf } from './event-form.js';

const filled = { type: ' welcome ', recipients: 'a, b\nc', data: '', channels: [], title: '', message: '' };

describe('the form of a test event', () => {
  it('becomes an event that the gateway takes', () => {
    const event = eventOf({ ...filled, data: '{"amount": 1}', channels: ['email'], title: 'Hi', message: 'there' });
    expect(event).toEqual({
      body: {
        type: 'welcome',
        recipients: ['a', 'b', 'c'],
        channels: ['email'],
        content: { title: 'Hi', message: 'there' },
        data: { amount: 1 },
      },
    });
    expect(eventRequestSchema.safeParse((event as { body: unknown }).body).success).toBe(true);
  });

  it('leaves to the catalog what is left empty', () => {
    expect(eventOf(filled)).toEqual({ body: { type: 'welcome', recipients: ['a', 'b', 'c'] } });
  });

  it('says what is wrong with the JSON', () => {
    expect(eventOf({ ...filled, data: '{amount}' })).toEqual({
      errors: [{ path: 'data', message: expect.stringContaining('is not valid JSON') }],
    });
  });

  it('puts each error beside its field', () => {
    const { type, recipients, data, title, other } = byField([
      { path: 'type', message: 'is unknown' },
      { path: 'recipients[0]', message: 'does not exist' },
      { path: 'data.amount', message: 'is missing' },
      { path: 'content.title', message: 'must not be empty' },
      { path: 'expires_at', message: 'is over' },
    ]);
    expect(type).toEqual(['is unknown']);
    expect(recipients).toEqual(['recipients[0] does not exist']);
    expect(data).toEqual(['data.amount is missing']);
    expect(title).toEqual(['must not be empty']);
    expect(other).toEqual(['expires_at is over']);
  });
});
