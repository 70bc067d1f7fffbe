import { describe, expect, it } from '@jest/globals';
import { readOptions, UsageError } from './options.ts';

describe('the command line of the bench', () => {
  it('measures everything on both sides by default, with a quarter as many emails as events', () => {
    expect(readOptions([])).toMatchObject({
      scenarios: ['in-app', 'email', 'email-sender', 'latency', 'fan-out'],
      floorOnly: false,
      events: 20_000,
      emails: 5_000,
      fanOutRecipients: 100_000,
      rounds: 3,
    });
    expect(readOptions(['--events', '1000'])).toMatchObject({ events: 1000, emails: 250 });
  });

  it('takes one or several scenarios, and the floor alone', () => {
    expect(readOptions(['--only', 'latency', '--only', 'in-app'])).toMatchObject({
      scenarios: ['in-app', 'latency'],
      floorOnly: false,
    });
    expect(readOptions(['--only', 'floor'])).toMatchObject({
      scenarios: ['in-app', 'email', 'email-sender', 'latency', 'fan-out'],
      floorOnly: true,
    });
  });

  it('measures an inbox at size only when that is named', () => {
    expect(readOptions([])?.inboxSize).toBeUndefined();
    expect(readOptions(['--only', 'inbox-size'])).toMatchObject({
      inboxSize: { rows: 10_000_000 },
    });
    expect(readOptions(['--only', 'inbox-size', '--rows', '4000'])).toMatchObject({ inboxSize: { rows: 4000 } });
  });

  it('sets timers only when that is named', () => {
    expect(readOptions([])).toMatchObject({ timersOnly: false });
    expect(readOptions(['--only', 'timers', '--timers', '5000'])).toMatchObject({ timersOnly: true, timers: 5000 });
  });

  it('lets digests wait only when that is named', () => {
    expect(readOptions([])).toMatchObject({ digestsOnly: false });
    expect(readOptions(['--only', 'digest', '--digests', '500'])).toMatchObject({ digestsOnly: true, digests: 500 });
  });

  it('lets hostile templates loose only when that is named', () => {
    expect(readOptions([])?.hostile).toBe(false);
    expect(readOptions(['--only', 'hostile', '--rounds', '1'])).toMatchObject({
      hostile: true,
      rounds: 1,
      rate: 50,
      seconds: 16,
    });
  });

  it('passes environment variables on to the services', () => {
    expect(readOptions(['--env', 'AMQP_PREFETCH=50', '--env', 'BRAND_NAME=A=B'])?.env).toEqual({
      AMQP_PREFETCH: '50',
      BRAND_NAME: 'A=B',
    });
  });

  it('takes SQL that is tried on', () => {
    expect(readOptions([])?.sql).toEqual([]);
    expect(readOptions(['--sql', 'DROP INDEX a', '--sql', 'DROP INDEX b'])?.sql).toEqual([
      'DROP INDEX a',
      'DROP INDEX b',
    ]);
  });

  it('asks for help with nothing else', () => {
    expect(readOptions(['--help'])).toBeUndefined();
  });

  it.each([
    [
      ['--only', 'sms'],
      /--only sms: choose in-app, email, email-sender, latency, fan-out, floor, realtime, inbox-size, hostile, timers or digest/,
    ],
    [['--only', 'inbox-size', '--only', 'email'], /--only inbox-size goes with no other/],
    [['--only', 'hostile', '--only', 'email'], /--only hostile goes with no other/],
    [['--only', 'inbox-size', '--rows', '10'], /--rows 10: must be a whole number of at least 2000/],
    [['--events', '0'], /--events 0: must be a whole number of at least 1/],
    [['--rounds', 'many'], /--rounds many: must be a whole number/],
    [['--hold', '0'], /--hold 0: must be a number above 0/],
    [['--env', 'prefetch'], /--env prefetch: must be NAME=VALUE/],
    [['--evnts', '5'], /--evnts/],
    [['in-app'], /in-app/],
  ])('refuses %j and says why', (args, reason) => {
    expect(() => readOptions(args)).toThrow(UsageError);
    expect(() => readOptions(args)).toThrow(reason);
  });
});
