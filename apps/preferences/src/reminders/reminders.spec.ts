import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  checkEvent,
  deadLetter,
  notificationRouted,
  putCatalog,
  putRecipient,
  setPreferences,
  timersCancelled,
  timersWoken,
  timerSet,
  type CloudEvent,
  type NotificationDeferred,
  type NotificationRouted,
  type ReminderDue,
  type TimersCancelled,
  type TimerSet,
  type TimersWoken,
} from '@carillon/contracts';
import { startTestService, until, type TestService } from '@carillon/testing';
import { service } from '../service.ts';

const tenant = 'studio';
const hour = 3_600_000;
const day = 24 * hour;
const iso = (ms: number) => new Date(ms).toISOString();
const inHours = (hours: number) => iso(Math.ceil(Date.now() / hour) * hour + hours * hour);

const document = {
  categories: { lessons: {}, fees: {} },
  types: {
    lesson_reminder: { category: 'lessons', channels: ['in_app'] },
    lesson_scheduled: {
      category: 'lessons',
      channels: ['in_app'],
      on: 'lesson.scheduled',
      to: 'data.student_id',
      reminders: [
        {
          type: 'lesson_reminder',
          at: 'data.starts_at',
          offset: '-PT24H',
          match: 'data.lesson_id',
          cancel_on: ['lesson.cancelled'],
          move_on: ['lesson.moved'],
        },
      ],
    },
    rehearsal_reminder: { category: 'lessons', channels: ['in_app'], enabled: false },
    rehearsal_scheduled: {
      category: 'lessons',
      channels: ['in_app'],
      on: 'rehearsal.scheduled',
      to: 'data.student_id',
      reminders: [
        {
          type: 'rehearsal_reminder',
          at: 'data.starts_at',
          offset: '-PT24H',
          match: 'data.rehearsal',
          cancel_on: ['rehearsal.cancelled'],
        },
      ],
    },
    arrears_warning: { category: 'fees', channels: ['in_app'] },
    arrears_critical: { category: 'fees', channels: ['in_app'] },
    invoice_issued: {
      category: 'fees',
      channels: ['in_app'],
      on: 'invoice.issued',
      to: 'data.parents',
      reminders: [
        { type: 'arrears_warning', at: 'data.due_date', offset: 'P30D', until: 'P60D' },
        { type: 'arrears_critical', at: 'data.due_date', offset: 'P60D' },
      ].map((stage) => ({
        ...stage,
        local_time: '14:00',
        every: '1d',
        match: 'data.invoice',
        cancel_on: ['invoice.paid'],
      })),
    },
  },
};

describe('reminders of the catalog', () => {
  let test: TestService;
  let timers: CloudEvent<TimerSet>[];
  let cancelled: CloudEvent<TimersCancelled>[];
  let woken: CloudEvent<TimersWoken>[];
  let routed: CloudEvent<NotificationRouted>[];
  let dead: CloudEvent<{ error: string }>[];
  let events = 0;

  const apply = (changes: object = {}) =>
    test.messages.call(putCatalog, {
      tenant,
      document: { ...document, types: { ...document.types, ...changes } },
      text: '{}',
      format: 'json',
      dry_run: false,
      applied_by: 'test',
    });
  const put = (id: string, time_zone: string) =>
    test.messages.call(putRecipient, { tenant, id, recipient: { name: id, time_zone } });

  beforeAll(async () => {
    test = await startTestService(service);
    timers = await test.broker.capture(timerSet);
    cancelled = await test.broker.capture(timersCancelled);
    woken = await test.broker.capture(timersWoken);
    routed = await test.broker.capture(notificationRouted);
    dead = (await test.broker.capture(deadLetter)) as never;
    await put('sam', 'Africa/Nairobi');
    await put('kim', 'Asia/Tokyo');
    await apply();
  });
  afterAll(() => test.close());

  function publish(type: string, data: object, time?: string): string {
    const id = `event-${(events += 1)}`;
    test.broker.publish('events', type, { specversion: '1.0', id, source: '/studio', type, tenant, time, data });
    return id;
  }
  const back = (timer: CloudEvent<TimerSet>, told: object = {}) => {
    const { message, routing_key, timer_id } = timer.data;
    const data = { ...(message.data as object), ...told };
    test.broker.publish('events', routing_key, { ...message, data, timer: timer_id });
  };
  const dueOf = ({ data }: CloudEvent<TimerSet>) => data.message.data as ReminderDue;
  const timersFor = (of: string, value: string) =>
    timers.filter(({ data }) => {
      const { key } = data;
      return key?.startsWith(`${of}#`) && key.endsWith(`:${value}`);
    });
  const timerFor = (of: string, value: string, count = 1) =>
    until(`timer ${count} of ${value}`, () => timersFor(of, value).length >= count && timersFor(of, value)[count - 1]!);
  const notified = (type: string, recipient: string) =>
    routed.filter(({ data }) => data.type === type && data.recipient.id === recipient);

  it('are set when their event comes, for the time that they are due', async () => {
    const starts_at = inHours(72);
    publish('lesson.scheduled', { student_id: 'sam', lesson_id: 'l-1', starts_at });
    const { data } = await timerFor('lesson_scheduled', 'l-1');
    expect(data).toMatchObject({ due_at: iso(Date.parse(starts_at) - day), expires_at: starts_at, follows_zone: true });
    expect(dueOf({ data } as never)).toMatchObject({ recipient: 'sam', request: { type: 'lesson_reminder' } });
  });

  it('are not set for a time that has passed', async () => {
    publish('lesson.scheduled', { student_id: 'sam', lesson_id: 'l-late', starts_at: inHours(2) });
    publish('lesson.scheduled', { student_id: 'sam', lesson_id: 'l-early', starts_at: inHours(48) });
    await timerFor('lesson_scheduled', 'l-early');
    expect(timersFor('lesson_scheduled', 'l-late')).toEqual([]);
  });

  it('set twice, as by a redelivery, are the same timer', async () => {
    const event = { specversion: '1.0', id: 'twice', source: '/studio', type: 'lesson.scheduled', tenant };
    const data = { student_id: 'sam', lesson_id: 'l-twice', starts_at: inHours(48) };
    for (let round = 0; round < 2; round++) test.broker.publish('events', 'lesson.scheduled', { ...event, data });
    await timerFor('lesson_scheduled', 'l-twice', 2);
    expect(new Set(timersFor('lesson_scheduled', 'l-twice').map(({ data: { timer_id } }) => timer_id)).size).toBe(1);
  });

  it('become a notification of their own when they are due', async () => {
    publish('lesson.scheduled', { student_id: 'sam', lesson_id: 'l-due', starts_at: inHours(48), room: 'B2' });
    const timer = await timerFor('lesson_scheduled', 'l-due');
    back(timer);
    const [reminder] = await until('the reminder', () => {
      const found = notified('lesson_reminder', 'sam').filter(({ data }) => data.data.lesson_id === 'l-due');
      return found.length > 0 && found;
    });
    expect(reminder!.data).toMatchObject({ data: { room: 'B2' }, created_at: timer.data.due_at });
    expect(timersFor('lesson_scheduled', 'l-due')).toHaveLength(1);
  });

  it('come at a local time of day, each recipient’s own, in stages, and plan their next time', async () => {
    const due_date = iso(Date.now() - 35 * day).slice(0, 10);
    publish('invoice.issued', { parents: ['sam', 'kim'], invoice: 'INV-1', due_date });
    await timerFor('invoice_issued', 'INV-1', 4);
    const of = (type: string, recipient: string) =>
      timersFor('invoice_issued', 'INV-1').filter((timer) => {
        const due = dueOf(timer);
        return due.request.type === type && due.recipient === recipient;
      });
    const warning = of('arrears_warning', 'sam')[0]!;
    expect(warning.data.due_at).toMatch(/T11:00:00.000Z$/);
    expect(of('arrears_warning', 'kim')[0]!.data.due_at).toMatch(/T05:00:00.000Z$/);
    const critical = of('arrears_critical', 'sam')[0]!;
    expect(Date.parse(critical.data.due_at)).toBeGreaterThan(Date.parse(warning.data.due_at) + 20 * day);

    back(warning);
    await until('the warning', () => notified('arrears_warning', 'sam').length === 1);
    const next = await until('the next one', () => of('arrears_warning', 'sam')[1]);
    expect(Date.parse(next.data.due_at) - Date.parse(warning.data.due_at)).toBe(day);
    // Delivered twice it is still one.
    back(warning);
    back(next);
    await until(
      'the warning of the next day',
      () => new Set(notified('arrears_warning', 'sam').map(({ data }) => data.notification_id)).size === 2,
    );
  });

  it('are cancelled by another event with the same match', async () => {
    publish('invoice.paid', { invoice: 'INV-2' });
    const told = await until('both stages are cancelled', () => {
      const found = cancelled.filter(({ data }) => data.key.endsWith(':INV-2'));
      return found.length === 2 && found;
    });
    expect(told.map(({ data }) => data.key).sort()).toEqual(['invoice_issued#0:INV-2', 'invoice_issued#1:INV-2']);
  });

  it('are moved by another event, with what it says, and can be moved back', async () => {
    const first = inHours(72);
    publish('lesson.scheduled', { student_id: 'sam', lesson_id: 'l-move', starts_at: first, room: 'B2' });
    const timer = await timerFor('lesson_scheduled', 'l-move');
    const second = inHours(96);
    publish('lesson.moved', { lesson_id: 'l-move', starts_at: second, room: 'C1' });
    const { data: move } = await until('it is told', () => woken.find(({ data }) => data.key?.endsWith(':l-move')));
    expect(move.woken).toMatchObject({ at: second, data: { room: 'C1' } });

    back(timer, { woken: move.woken });
    const moved = await timerFor('lesson_scheduled', 'l-move', 2);
    expect(moved.data).toMatchObject({ due_at: iso(Date.parse(second) - day), since: move.at });
    expect(dueOf(moved).request.data).toMatchObject({ starts_at: second, room: 'C1' });

    back(moved, { woken: { by: 'another move', since: move.at + 1, at: first } });
    const again = await timerFor('lesson_scheduled', 'l-move', 3);
    expect(again.data.due_at).toBe(timer.data.due_at);
    expect(again.data.timer_id).not.toBe(timer.data.timer_id);
    expect(notified('lesson_reminder', 'sam').filter(({ data }) => data.data.lesson_id === 'l-move')).toEqual([]);
  });

  it('follow their recipient to another time zone, as does whatever waits for quiet hours to end', async () => {
    await put('ann', 'Africa/Nairobi');
    publish('invoice.issued', {
      parents: ['ann'],
      invoice: 'INV-zone',
      due_date: iso(Date.now() - 35 * day).slice(0, 10),
    });
    const timer = await timerFor('invoice_issued', 'INV-zone');
    await put('ann', 'America/New_York');
    const { data: change } = await until('it is told', () => woken.find(({ data }) => data.recipient === 'ann'));
    back(timer, { woken: change.woken });
    const replanned = await timerFor('invoice_issued', 'INV-zone', 3);
    expect(replanned.data.due_at).toMatch(/T1[89]:00:00.000Z$/);
    expect(replanned.data.timer_id).not.toBe(timer.data.timer_id);
    expect(notified('arrears_warning', 'ann')).toEqual([]);
    await until(
      'it is told once',
      async () => (await test.database.query('SELECT * FROM preferences.zone_changes')).length === 0,
    );
  });

  it('of somebody who is gone, or of a type that is switched off, do not come', async () => {
    for (const lesson_id of ['l-gone', 'l-on'])
      publish('lesson.scheduled', { student_id: 'sam', lesson_id, starts_at: inHours(48) });
    publish('rehearsal.scheduled', { student_id: 'sam', rehearsal: 'r-off', starts_at: inHours(48) });
    back(await timerFor('lesson_scheduled', 'l-gone'), { recipient: 'nobody' });
    back(await timerFor('rehearsal_scheduled', 'r-off'));
    back(await timerFor('lesson_scheduled', 'l-on'));
    const reminded = () => notified('lesson_reminder', 'sam').map(({ data }) => data.data.lesson_id);
    await until('the other one', () => reminded().includes('l-on'));
    expect(reminded()).not.toContain('l-gone');
    expect(notified('rehearsal_reminder', 'sam')).toEqual([]);
    expect(dead).toEqual([]);
  });

  it('whose time is none park the event, and refuse it at the API, with the expression', async () => {
    const event = {
      type: 'lesson.scheduled',
      recipients: ['sam'],
      data: { student_id: 'sam', lesson_id: 'l', starts_at: 'soon' },
    };
    await expect(test.messages.call(checkEvent, { tenant, event })).rejects.toMatchObject({
      code: 'expression_failed',
      errors: [
        { path: 'types.lesson_scheduled.reminders[0].at', message: expect.stringContaining('it yields no time') },
      ],
    });
    publish('lesson.scheduled', event.data);
    await until('it is parked', () => dead.length === 1);
  });

  it.each([
    [{ offset: '-24h' }, 'offset', 'must be an ISO 8601 duration'],
    [{ offset: 'PX' }, 'offset', 'is not an ISO 8601 duration'],
    [{ until: 'P1X' }, 'until', 'is not an ISO 8601 duration'],
    [{ every: '1m' }, 'every', 'must be at least 15m'],
    [{ time_zone: 'Mars' }, 'time_zone', 'is not an IANA time zone'],
    [{ cancel_on: ['x.y'] }, 'match', 'is needed with cancel_on'],
    [{ at: 'starts_at' }, 'at', 'there is no starts_at here'],
    [{ type: 'nothing' }, 'type', 'is not a notification type'],
    [{ local_time: '25:00' }, 'local_time', 'must be a local time'],
  ])('are refused with the catalog: %j', async (changes, member, message) => {
    const reminder = { type: 'lesson_reminder', at: 'data.starts_at', ...changes };
    await expect(
      apply({ lesson_scheduled: { ...document.types.lesson_scheduled, reminders: [reminder] } }),
    ).rejects.toMatchObject({
      code: 'invalid_catalog',
      errors: [{ path: `types.lesson_scheduled.reminders[0].${member}`, message: expect.stringContaining(message) }],
    });
  });

  it('deferred notifications are decided anew when they are woken', async () => {
    await test.messages.call(putRecipient, {
      tenant,
      id: 'zoe',
      recipient: { name: 'zoe', email: 'zoe@example.org', time_zone: 'UTC' },
    });
    await apply({ letter: { category: 'lessons', channels: ['email'] } });
    // From an hour ago until in an hour, which is another time of the day in Tokyo.
    const clock = (offset: number) => iso(Date.now() + offset).slice(11, 16);
    await test.messages.call(setPreferences, {
      tenant,
      recipient: 'zoe',
      mode: 'replace',
      preferences: { quiet_hours: { start: clock(-hour), end: clock(hour) } },
    });
    publish('letter', { recipient_id: 'zoe' });
    const deferred = await until('the timer', () =>
      timers.find(({ data }) => (data.message.data as NotificationDeferred).recipient === 'zoe'),
    );
    expect(deferred.data.follows_zone).toBe(true);
    await put('zoe', 'Asia/Tokyo').then(() =>
      test.messages.call(putRecipient, {
        tenant,
        id: 'zoe',
        recipient: { name: 'zoe', email: 'zoe@example.org', time_zone: 'Asia/Tokyo' },
      }),
    );
    back(deferred, { woken: { by: 'change' } });
    await until('it is sent', () => notified('letter', 'zoe').length === 1);
  });
});
