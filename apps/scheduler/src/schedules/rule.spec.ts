import { describe, expect, it } from '@jest/globals';
import { fieldErrors, scheduleInputSchema } from '@carillon/contracts';
import { mistakesIn, timesOf } from './rule.ts';

const now = Date.parse('2026-11-21T12:00:00Z');
const weekly = {
  name: 'Letter',
  cron: '0 8 * * mon',
  time_zone: 'Africa/Nairobi',
  publish: { exchange: 'x', type: 'x.y' },
};

function mistakes(changes: object): string[] {
  const { data, error } = scheduleInputSchema.safeParse({ ...weekly, ...changes });
  const errors = data ? mistakesIn(timesOf(data, now), now) : fieldErrors(error!.issues);
  return errors.map(({ path, message }) => `${path}: ${message}`);
}

describe('the rule of a schedule', () => {
  it.each([
    [{}],
    [{ cron: '@daily' }],
    [{ cron: undefined, rrule: 'FREQ=MONTHLY;BYDAY=-1FR', starts_at: '2026-12-01T08:00' }],
    [{ starts_at: '2040-01-01T00:00' }],
  ])('is taken: %j', (changes) => {
    expect(mistakes(changes)).toEqual([]);
  });

  it.each([
    [{ cron: '0 0 30 2 *' }, 'cron: never comes true after now: name a day that there is, or a later end'],
    [
      { cron: undefined, rrule: 'FREQ=DAILY;UNTIL=20200101T000000Z', starts_at: '2019-01-01T08:00' },
      'rrule: never comes',
    ],
    [{ cron: '61 * * * *' }, 'cron: "61 * * * *" is not cron'],
    [{ cron: undefined, rrule: 'FREQ=NOW' }, 'rrule: "FREQ=NOW" is not a recurrence rule'],
    [{ time_zone: 'Mars/Olympus' }, 'time_zone: "Mars/Olympus" is not an IANA time zone'],
    [{ time_zone: '+03:00' }, 'time_zone: "+03:00" is not an IANA time zone'],
    [{ rrule: 'FREQ=DAILY' }, 'cron: give either cron or rrule'],
    [{ publish: undefined }, 'event: give either event or publish'],
    [{ starts_at: '2026-02-30T08:00' }, 'starts_at: is no day of the calendar'],
    [{ starts_at: '2026-02-28T08:00Z' }, 'starts_at: must be a local time without zone'],
    [{ publish: undefined, event: { type: 'welcome' } }, 'event.audience: must be {"all": true}'],
    [{ publish: undefined, event: { audience: { all: true } } }, 'event.type: is required unless content is given'],
    [{ publish: { exchange: '', type: 'x.y' } }, 'publish.exchange: name the exchange'],
    [{ deadline: 'soon' }, 'deadline: must be a length of time'],
    [{ colour: 'red' }, 'colour: is not a known field'],
  ])('is refused: %j', (changes, expected) => {
    const found = mistakes(changes);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(expected);
  });
});
