import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '@carillon/testing';
import { Client } from './client.ts';
import { startSuite, type Suite } from './suite.ts';

const hour = 3_600_000;
const catalog = `
categories:
  lessons: { name: Lessons }
types:
  lesson_reminder:
    category: lessons
    channels: [in_app]
    templates:
      en:
        in_app: { title: 'Tomorrow: {{ course }}', message: 'In room {{ room }}.' }
  lesson_scheduled:
    category: lessons
    channels: [in_app]
    on: lesson.scheduled
    to: data.student
    reminders:
      - type: lesson_reminder
        at: data.starts_at
        offset: -PT24H
        match: data.lesson_id
        cancel_on: [lesson.cancelled]
        move_on: [lesson.moved]
    templates:
      en:
        in_app: { title: 'Booked: {{ course }}', message: 'In room {{ room }}.' }
`;

/** What waits for its time, through the public surface alone. */
describe('what waits', () => {
  let suite: Suite;
  let client: Client;
  let token: string;
  let events = 0;

  beforeAll(async () => {
    suite = await startSuite();
    client = new Client(suite);
    token = await client.recipient('sam', { name: 'Sam' });
    expect(await client.putCatalog(catalog)).toMatchObject({ status: 200 });
  }, 120_000);
  afterAll(() => suite?.close(), 60_000);

  const ok: Client['ok'] = (...request) => client.ok(...request);
  const tell = (type: string, data: object) =>
    suite.broker.publish('events', type, {
      specversion: '1.0',
      id: `event-${(events += 1)}`,
      source: '/studio',
      type,
      tenant: 'default',
      data,
    });
  const titles = async (): Promise<string[]> => {
    const { json } = await client.call('GET', '/v1/notifications?limit=100', undefined, token);
    return json.data.map(({ title }: { title: string }) => title);
  };
  const arrives = (title: string) => until(title, async () => (await titles()).includes(title));
  const reminders = async () => (await ok('GET', '/v1/admin/timers?kind=reminder')).data;
  const inTwoDays = () => new Date(Date.now() + 48 * hour).toISOString();

  it('a schedule that is let happen reaches everybody, and its history names the event', async () => {
    const schedule = await ok('POST', '/v1/admin/schedules', {
      name: 'Monday letter',
      cron: '0 8 * * mon',
      time_zone: 'Africa/Nairobi',
      event: { type: 'system_update', audience: { all: true }, data: { title: 'The letter', message: 'News.' } },
    });
    expect(schedule.next_runs).toHaveLength(5);
    const run = await ok('POST', `/v1/admin/schedules/${schedule.id}/run`);
    await arrives('The letter');
    const progress = await until('the event is known', async () => {
      const { status, json } = await client.call('GET', `/v1/events/${run.event_id}`);
      return status === 200 && json;
    });
    expect(progress.id).toBe(run.event_id);
    const { data } = await ok('GET', `/v1/admin/schedules/${schedule.id}/runs`);
    expect(data.map(({ status }: { status: string }) => status)).toContain('fired');
    await ok('DELETE', `/v1/admin/schedules/${schedule.id}`);
    expect((await client.call('GET', `/v1/admin/schedules/${schedule.id}`)).status).toBe(404);
  });

  it('a schedule for a type that there is not is refused with its field', async () => {
    const { status, json } = await client.call('POST', '/v1/admin/schedules', {
      name: 'Nothing',
      cron: '0 8 * * *',
      time_zone: 'UTC',
      event: { type: 'nothing_of_the_kind', audience: { all: true } },
    });
    expect({ status, code: json.code, path: json.errors[0].path }).toEqual({
      status: 422,
      code: 'unknown_type',
      path: 'event.type',
    });
  });

  it('a reminder is moved with its lesson, comes at its time, and is cancelled with it', async () => {
    tell('lesson.scheduled', {
      student: 'sam',
      lesson_id: 'piano',
      course: 'Piano',
      room: 'B2',
      starts_at: inTwoDays(),
    });
    await arrives('Booked: Piano');
    const [first] = await until('it waits', async () => {
      const found = await reminders();
      return found.length === 1 && found;
    });
    tell('lesson.moved', { lesson_id: 'piano', room: 'C1', starts_at: new Date(Date.now() + 72 * hour).toISOString() });
    const moved = await until('it is moved', async () => {
      const found = await reminders();
      return found.length === 1 && found[0].id !== first.id && found[0];
    });
    expect(Date.parse(moved.due_at) - Date.parse(first.due_at)).toBeGreaterThan(20 * hour);
    expect(moved).toMatchObject({ type: 'lesson_reminder', recipients: ['sam'] });

    await ok('PATCH', `/v1/admin/timers/${moved.id}`, { due_at: new Date(Date.now() + 300).toISOString() });
    await arrives('Tomorrow: Piano');
    const { json } = await client.call('GET', '/v1/notifications?type=lesson_reminder', undefined, token);
    expect(json.data[0].message).toBe('In room C1.');

    tell('lesson.scheduled', {
      student: 'sam',
      lesson_id: 'cello',
      course: 'Cello',
      room: 'B2',
      starts_at: inTwoDays(),
    });
    await until('the next one waits', async () => (await reminders()).length === 1);
    tell('lesson.cancelled', { lesson_id: 'cello' });
    await until('it is cancelled', async () => (await reminders()).length === 0);
    expect(await titles()).not.toContain('Tomorrow: Cello');
  });

  it('an event for later is cancelled by its timer', async () => {
    const { id } = await ok('POST', '/v1/events', {
      content: { title: 'For later', message: 'x' },
      recipients: ['sam'],
      send_at: inTwoDays(),
    });
    const [timer] = await until('it waits', async () => {
      const { data } = await ok('GET', `/v1/admin/timers?event_id=${id}`);
      return data.length === 1 && data;
    });
    expect(await ok('DELETE', `/v1/admin/timers/${timer.id}`)).toMatchObject({ status: 'cancelled' });
    expect((await client.call('PATCH', `/v1/admin/timers/${timer.id}`, { due_at: inTwoDays() })).status).toBe(409);
  });
});
