import { describe, expect, it } from '@jest/globals';
import { Problem, timerSet, type CloudEvent, type TimerSet } from '@carillon/contracts';
import { newTimer } from './new-timer.ts';

const now = new Date('2026-11-21T09:30:00Z');
const setting = (data: Partial<TimerSet>, tenant?: string): CloudEvent<TimerSet> => ({
  specversion: '1.0',
  id: '1',
  source: '/test',
  type: timerSet.type,
  tenant,
  data: { ...timerSet.example, ...data },
});
const mistakes = (data: Partial<Record<keyof TimerSet, unknown>>, tenant?: string) => {
  try {
    newTimer(setting(data as Partial<TimerSet>, tenant), now);
  } catch (error) {
    expect(error).toBeInstanceOf(Problem);
    return (error as Problem).errors!.map(({ path, message }) => `${path} ${message}`);
  }
  throw new Error('nothing was found wrong');
};

describe('a new timer', () => {
  it('is pending, with its message as it came and its times in UTC', () => {
    const timer = newTimer(
      setting({ due_at: '2026-11-22T09:00:00+03:00', expires_at: '2026-11-22T09:00:00-01:00' }),
      now,
    );
    expect(timer).toEqual({
      timer_id: timerSet.example.timer_id,
      tenant: 'default',
      kind: 'event',
      event_id: undefined,
      key: undefined,
      since: undefined,
      follows_zone: false,
      due_at: '2026-11-22T06:00:00.000Z',
      expires_at: '2026-11-22T10:00:00.000Z',
      routing_key: 'carillon.event.requested',
      message: timerSet.example.message,
      recipients: ['parent-17'],
      state: 'pending',
      urgent: false,
      created_at: '2026-11-21T09:30:00.000Z',
    });
  });

  it('belongs to the tenant of the event, else of its message, else to the only one there is', () => {
    const message = { ...timerSet.example.message, tenant: 'school' };
    expect(newTimer(setting({ message }, 'shop'), now).tenant).toBe('shop');
    expect(newTimer(setting({ message }), now).tenant).toBe('school');
    expect(newTimer(setting({ message: { ...message, tenant: undefined } }), now).tenant).toBe('default');
  });

  it('names what is wrong with it', () => {
    expect(mistakes({ timer_id: 'soon' })).toEqual(['timer_id must be a UUID']);
    expect(mistakes({ due_at: 'tomorrow' })[0]).toMatch(/^due_at must be an RFC 3339 time/);
    expect(mistakes({ due_at: '1969-12-31T23:59:59Z' })).toEqual(['due_at must not be before 1970']);
    expect(mistakes({ routing_key: 'é'.repeat(128) })).toEqual(['routing_key must be at most 255 bytes']);
    expect(mistakes({ routing_key: 'a\u0000' })).toEqual(['routing_key must not contain control characters']);
    expect(mistakes({ message: { ...timerSet.example.message, id: '' } })).toEqual(['message.id must not be empty']);
    expect(mistakes({}, 'No Tenant')[0]).toMatch(/^tenant must be/);
  });

  it('is refused when there is nothing at all', () => {
    expect(() => newTimer({ ...setting({}), data: undefined as unknown as TimerSet }, now)).toThrow(Problem);
  });
});
