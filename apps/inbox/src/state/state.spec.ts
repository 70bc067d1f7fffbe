import { describe, expect, it } from '@jest/globals';
import { notificationChanges, type NotificationChange } from '@carillon/contracts';
import fc from 'fast-check';
import { changed, statusOf, type State } from './state.ts';

const start = Date.parse('2026-11-21T09:00:00Z');
const minute = 60_000;
const untouched: State = {
  arrived_at: new Date(start),
  read_at: null,
  first_read_at: null,
  seen_at: null,
  archived_at: null,
  snoozed_until: null,
};
const after = (state: State, change: NotificationChange, now: Date): State => ({
  ...state,
  ...changed(state, change, now),
});

/** A change and how long after the one before it comes. */
const step = fc.record({
  wait: fc.integer({ min: 0, max: 120 }),
  change: fc.oneof(
    fc.constantFrom(...notificationChanges).map((to) => ({ to }) as { to: string }),
    fc.integer({ min: 1, max: 120 }).map((minutes) => ({ to: 'snooze', minutes })),
  ),
});

/** Everything that a recipient may have done, with the time at which the last was done. */
const history = fc.array(step, { maxLength: 12 }).map((steps) => {
  let now = start;
  let state = untouched;
  for (const { wait, change } of steps) {
    now += wait * minute;
    state = after(state, at(change, now), new Date(now));
  }
  return { state, now };
});

function at(change: object, now: number): NotificationChange {
  const { minutes } = change as { minutes?: number };
  return minutes === undefined
    ? (change as NotificationChange)
    : { to: 'snooze', until: new Date(now + minutes * minute).toISOString() };
}

describe('the state of a notification', () => {
  it('is not changed by the same change again, however much later', () => {
    fc.assert(
      fc.property(history, step, fc.integer({ min: 0, max: 1000 }), ({ state, now }, { change }, minutes) => {
        const wanted = at(change, now);
        const once = after(state, wanted, new Date(now));
        // A snooze that is repeated after it is over is another one, and refused as past before it comes here.
        const later = wanted.to === 'snooze' ? now : now + minutes * minute;
        expect(changed(once, wanted, new Date(later))).toEqual({});
      }),
    );
  });

  it('is what the last change says', () => {
    fc.assert(
      fc.property(history, step, ({ state, now }, { change }) => {
        const time = new Date(now);
        const wanted = at(change, now);
        const next = after(state, wanted, time);
        const status = statusOf(next, time);
        const expected: Record<NotificationChange['to'], boolean> = {
          read: next.read_at !== null && next.seen_at !== null && next.first_read_at !== null,
          unread: next.read_at === null,
          seen: next.seen_at !== null,
          archive: status === 'archived',
          unarchive: status !== 'archived',
          snooze: status === 'snoozed' && next.read_at === null,
          unsnooze: status !== 'snoozed',
        };
        expect({ ...wanted, held: expected[wanted.to] }).toEqual({ ...wanted, held: true });
      }),
    );
  });

  it('is one of four, and a snoozed one stands where it will be back: above all that is there now', () => {
    fc.assert(
      fc.property(history, ({ state, now }) => {
        const time = new Date(now);
        const status = statusOf(state, time);
        expect(status === 'archived').toBe(state.archived_at !== null);
        if (status === 'snoozed') expect(state.arrived_at).toEqual(state.snoozed_until);
        else expect(state.arrived_at.getTime()).toBeLessThanOrEqual(now);
        if (status === 'read' || status === 'unread') expect(status === 'read').toBe(state.read_at !== null);
      }),
    );
  });

  it('never forgets the first reading, and no later one replaces it', () => {
    fc.assert(
      fc.property(history, step, ({ state, now }, { change }) => {
        const next = after(state, at(change, now), new Date(now));
        if (state.first_read_at) expect(next.first_read_at).toEqual(state.first_read_at);
      }),
    );
  });

  it('is unread as soon as a snooze is over, with nobody doing anything', () => {
    const until = new Date(start + minute);
    const snoozed = after(untouched, { to: 'snooze', until: until.toISOString() }, new Date(start));
    expect(statusOf(snoozed, new Date(until.getTime() - 1))).toBe('snoozed');
    expect(statusOf(snoozed, until)).toBe('unread');
  });
});
