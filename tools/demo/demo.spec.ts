import { describe, expect, it } from '@jest/globals';
import { demoScript } from './script.mjs';
import { isOver, outcomeOn } from './whereabouts.mjs';

const send = (channel: string) => ({ channel, outcome: 'send' as const, rule: 'catalog_default', reason: '' });
const delivery = (channel: string, status: string, error: string | null = null) => ({
  channel,
  status,
  error,
  attempts: [],
});

describe('where a notification of the demo went', () => {
  it('is open until every chosen channel has an outcome', () => {
    const decision = [send('in_app'), send('email')];
    expect(isOver(undefined)).toBe(false);
    expect(isOver({ decision, in_app: { read: false }, deliveries: [] })).toBe(false);
    expect(isOver({ decision, in_app: { read: false }, deliveries: [delivery('email', 'sending')] })).toBe(false);
    expect(isOver({ decision, in_app: null, deliveries: [delivery('email', 'sent')] })).toBe(false);
    expect(isOver({ decision, in_app: { read: false }, deliveries: [delivery('email', 'sent')] })).toBe(true);
  });

  it('is told per channel, with the reason where it failed or was not tried', () => {
    const trace = {
      decision: [
        send('in_app'),
        send('email'),
        { channel: 'sms', outcome: 'drop' as const, rule: 'no_contact', reason: '' },
      ],
      in_app: { read: false },
      deliveries: [delivery('email', 'failed', '550 no such\n user')],
    };
    expect(['in_app', 'email', 'sms', 'push'].map((channel) => outcomeOn(trace, channel))).toEqual([
      'unread',
      'failed: 550 no such user',
      'no contact',
      '–',
    ]);
  });
});

describe("the demo's people", () => {
  it('never meet those of another run', () => {
    const one = JSON.stringify(demoScript('aaaaaa', 0));
    const other = demoScript('bbbbbb', 0).people;
    for (const { id, email } of other) {
      expect(one).not.toContain(id);
      expect(one).not.toContain(email);
    }
  });
});
