import { describe, expect, it } from '@jest/globals';
import { eventRequested, Problem, type CloudEvent } from '@carillon/contracts';
import fc from 'fast-check';
import { namedRecipients, readEvent } from './read-event.ts';

const now = Date.parse('2026-11-21T10:00:00Z');
const event = (data: unknown, more: Partial<CloudEvent> = {}): CloudEvent => ({
  specversion: '1.0',
  id: '1',
  source: '/finance',
  type: 'invoice.issued',
  data,
  ...more,
});

describe('reading an event', () => {
  it.each<[string, CloudEvent, string[]]>([
    ['data.recipients', event({ recipients: ['a', 'b'], recipient_id: 'c' }, { subject: 'd' }), ['a', 'b']],
    ['then data.recipient_id', event({ recipient_id: 'c' }, { subject: 'd' }), ['c']],
    ['then the subject', event({ amount: 1 }, { subject: 'd' }), ['d']],
  ])('finds recipients in %s', (_, from, recipients) => {
    expect(namedRecipients(readEvent(from, now))).toEqual(recipients);
  });

  it('takes a request’s own time, but no later than now, and for domain events the time of first sight', () => {
    const request = { type: 'welcome', recipients: ['a'] };
    const requested = (time: string) => readEvent(event(request, { type: eventRequested.type, time }), now).at;
    expect(requested('2026-11-21T09:59:00Z')).toBe(now - 60_000);
    expect(requested('2030-01-01T00:00:00Z')).toBe(now);
    expect(readEvent(event({ recipient_id: 'a' }, { time: '2020-01-01T00:00:00Z' }), now).at).toBe(now);
  });

  it('knows the default tenant, a returning timer and an id that was given by us', () => {
    expect(readEvent(event({ recipient_id: 'a' }), now)).toMatchObject({
      tenant: 'default',
      due: false,
      deduplicated: true,
    });
    expect(
      readEvent(event({ recipient_id: 'a' }, { tenant: 'school', timer: 't', id: 'undeduplicated-1' }), now),
    ).toMatchObject({
      tenant: 'school',
      due: true,
      deduplicated: false,
    });
  });

  it('refuses what no table could keep, by field', () => {
    for (const data of [{ note: { text: 'a\u0000b' } }, { 'k\u0000': 1 }]) {
      expect(() => readEvent(event(data), now)).toThrow(/The event is not valid: data/);
    }
  });

  it('answers anything at all with an event or a Problem that names the field', () => {
    fc.assert(
      fc.property(fc.anything(), fc.constantFrom('invoice.issued', eventRequested.type), (data, type) => {
        try {
          const read = readEvent(event(data, { type }), now);
          expect((read.requested ? read.request.recipients! : namedRecipients(read)).length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(Problem);
          expect((error as Problem).errors!.length).toBeGreaterThan(0);
        }
      }),
    );
  });
});
