import { describe, expect, it } from '@jest/globals';
import { Problem, recipientDeleted, recipientUpserted, type CloudEvent } from '@carillon/contracts';
import { readRecipientEvent } from './read-recipient-event.ts';

const now = Date.parse('2026-11-21T10:00:00Z');
const event = (change: Partial<CloudEvent>): CloudEvent => ({
  specversion: '1.0',
  id: 'e1',
  source: '/people',
  type: recipientUpserted.type,
  data: recipientUpserted.example,
  ...change,
});
const read = (change: Partial<CloudEvent>) => readRecipientEvent(event(change), now);
const errorsOf = (change: Partial<CloudEvent>) => {
  try {
    read(change);
  } catch (error) {
    expect(error).toBeInstanceOf(Problem);
    expect(error).toMatchObject({ status: 422, code: 'invalid_recipient' });
    return (error as Problem).errors!.map(({ path }) => path);
  }
  return [];
};

describe('a recipient event', () => {
  it('tells what PUT takes, of the person whose id is in the data', () => {
    expect(read({ subject: 'somebody else', tenant: 'school' })).toEqual({
      tenant: 'school',
      id: 'parent-17',
      recipient: expect.objectContaining({ name: 'Amina Otieno', time_zone: 'Africa/Nairobi' }),
    });
  });

  it('names the person by its subject otherwise', () => {
    expect(read({ subject: 'bo', data: {} })).toMatchObject({ tenant: 'default', id: 'bo' });
    expect(read({ type: recipientDeleted.type, subject: 'bo', data: undefined })).toEqual({
      tenant: 'default',
      id: 'bo',
    });
  });

  it('says that somebody left, whatever else it tells of them', () => {
    const data = { ...recipientDeleted.example, last_seen: 'yesterday' };
    expect(read({ type: 'recipient.erased', data })).toEqual({ tenant: 'default', id: 'parent-17' });
  });

  it('happened at its time, but not in the future', () => {
    expect(read({ time: '2026-11-21T12:30:00+03:00' }).at).toBe(Date.parse('2026-11-21T09:30:00Z'));
    expect(read({ time: '2099-01-01T00:00:00Z' }).at).toBe(now);
  });

  it.each<[string, Partial<CloudEvent>, string[]]>([
    ['nobody', { data: {} }, ['data.id']],
    ['nobody who left', { type: recipientDeleted.type, data: {} }, ['data.id']],
    ['an id that is none', { data: {}, subject: 'x'.repeat(200) }, ['subject']],
    ['an id that is no text', { data: { id: 17 } }, ['data.id']],
    ['unknown fields', { data: { id: 'bo', colour: 'red' } }, ['data.colour']],
    [
      'an address that is none',
      { data: { id: 'bo', phone: '0711000111', locale: 'xx' } },
      ['data.phone', 'data.locale'],
    ],
    ['no object', { data: 'bo' }, ['data']],
    ['nothing', { data: undefined }, ['data']],
  ])('is refused for %s', (_, change, paths) => {
    expect(errorsOf(change)).toEqual(paths);
  });
});
