import { describe, expect, it } from '@jest/globals';
import {
  attemptSchema,
  breakerStates,
  channelDecisionSchema,
  deliveryStates,
  notificationSchema,
} from '@carillon/contracts';
import { duration, fullTime, inFlight, lasting, prettyJson, retryable, timeAgo, toneOf, tones } from './format.js';

const now = Date.parse('2026-11-21T12:00:00Z');

describe('values in the console', () => {
  it.each([
    ['2026-11-21T11:59:58Z', '2 seconds ago'],
    ['2026-11-21T11:57:30Z', '2 minutes ago'],
    ['2026-11-21T14:00:00Z', 'in 2 hours'],
    ['2026-11-20T11:00:00Z', 'yesterday'],
    ['2026-11-01T12:00:00Z', 'Nov 1, 2026'],
    ['not a time', 'not a time'],
  ])('%s was %s', (time, expected) => {
    expect(timeAgo(time, now, 'en')).toBe(expected);
  });

  it('shows what is no time as it is', () => {
    expect(fullTime('soon')).toBe('soon');
    expect(duration('soon', 'later')).toBe('');
  });

  it.each([
    ['2026-11-21T11:59:59.880Z', '120 ms'],
    ['2026-11-21T11:59:57.500Z', '2.5 s'],
  ])('counts how long an attempt took', (from, expected) => {
    expect(duration(from, new Date(now).toISOString())).toBe(expected);
  });

  it.each([
    ['2026-11-21T11:59:59Z', '1 second'],
    ['2026-11-21T11:57:01Z', '2 minutes'],
    ['2026-11-19T11:00:00Z', '2 days'],
    ['2026-11-21T12:00:05Z', '0 seconds'],
  ])('what has been so since %s has been so for %s', (since, expected) => {
    expect(lasting(since, now, 'en')).toBe(expected);
  });

  it('has a colour for every state of deliveries, attempts, decisions, notifications and breakers', () => {
    const { outcome: attempt } = attemptSchema.shape;
    const { outcome: decision } = channelDecisionSchema.shape;
    const { status: notification } = notificationSchema.shape;
    const states = [
      ...deliveryStates,
      ...attempt.options,
      ...decision.options,
      ...notification.options,
      ...breakerStates,
    ];
    expect(states.filter((state) => !Object.hasOwn(tones, state))).toEqual([]);
    expect(toneOf('constructor')).toBe('off');
  });

  it('knows only states that a delivery can have', () => {
    expect(deliveryStates).toEqual(expect.arrayContaining([...inFlight, ...retryable]));
  });

  it('breaks JSON into lines and leaves everything else alone', () => {
    expect(prettyJson('{"a":1}')).toBe('{\n  "a": 1\n}');
    expect(prettyJson('<b>')).toBe('<b>');
  });
});
