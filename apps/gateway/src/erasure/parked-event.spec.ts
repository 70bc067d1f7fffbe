import { describe, expect, it } from '@jest/globals';
import { freshId, namedRecipients, recipientErased, withoutRecipient } from '@carillon/contracts';
import { bodyWith, parkedEvent } from './parked-event.ts';

const parked_at = '2026-11-21T10:00:00.000Z';
const letter = (body: unknown, headers?: object) => ({
  body: typeof body === 'string' ? body : JSON.stringify(body),
  properties: { headers },
  parked_at,
});
const event = { specversion: '1.0', id: '1', source: '/finance', type: 'invoice.issued' };

describe('a parked message', () => {
  it.each<[string, ReturnType<typeof letter>, string[]]>([
    ['a CloudEvent with its subject', letter({ ...event, subject: 'amina' }), ['amina']],
    ['a CloudEvent with its data', letter({ ...event, data: { recipients: ['amina', 'bo'] } }), ['amina', 'bo']],
    ['a CloudEvent in binary mode', letter({ amount: 1 }, { 'cloudEvents:Subject': 'amina' }), ['amina']],
    ['plain JSON', letter({ recipient_id: 'amina' }), ['amina']],
    ['what is no JSON', letter('{"recipient_id":"amina"'), []],
    ['what is no object', letter([{ recipient_id: 'amina' }]), []],
    [
      'nobody, if it is an erasure that failed',
      letter({ ...event, type: recipientErased.type, subject: 'amina', data: recipientErased.example }),
      [],
    ],
    ['an id that none can be', letter({ recipient_id: 'a\u0000' }), []],
  ])('names people: %s', (_, parked, expected) => {
    expect(namedRecipients(parkedEvent(parked))).toEqual(expected);
  });

  it('happened when its id, its time or its parking says, whichever is the earliest', () => {
    const at = Date.parse(parked_at);
    const ours = { ...event, source: '/carillon/preferences' };
    expect(parkedEvent(letter(event)).at).toBe(at);
    expect(parkedEvent(letter({ ...event, time: '2026-11-21T09:00:00Z' })).at).toBe(at - 3_600_000);
    expect(parkedEvent(letter({ ...event, time: 'yesterday' })).at).toBe(at);
    expect(parkedEvent(letter({ ...ours, id: freshId(at - 5), time: '2026-11-21T09:59:59.999Z' })).at).toBe(at - 5);
    expect(parkedEvent(letter({ ...event, id: freshId(at - 5) })).at).toBe(at);
    expect(parkedEvent(letter({ ...event, time: '2027-01-01T00:00:00Z' })).at).toBe(at);
  });

  it.each([
    { ...event, data: { recipients: ['amina', 'bo'], a: 1 } },
    { recipients: ['amina', 'bo'], a: 1 },
  ])('keeps all but the person: %j', (message) => {
    const parked = letter(message);
    const left = withoutRecipient(parkedEvent(parked), 'amina')!;
    expect(bodyWith(parked.body, left.data)).toBe(parked.body.replace('"amina",', ''));
  });
});
