import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '@carillon/testing';
import { Client } from './client.ts';
import { startSuite, type Suite } from './suite.ts';

const catalog = `
categories:
  lessons: { name: Lessons }
types:
  lesson_reminder:
    category: lessons
    channels: [in_app]
    templates:
      en:
        in_app: { title: 'Tomorrow', message: '{{ course }}' }
  lesson_scheduled:
    category: lessons
    channels: [in_app]
    reminders:
      - type: lesson_reminder
        at: data.starts_at
        offset: -PT24H
    templates:
      en:
        in_app: { title: 'Booked', message: '{{ course }}' }
`;

/** `DELETE /v1/events/{id}`, through the public surface alone. */
describe('an event that is cancelled', () => {
  let suite: Suite;
  let client: Client;

  beforeAll(async () => {
    suite = await startSuite({ RETRY_DELAYS: '3600' });
    client = new Client(suite);
    expect(await client.putCatalog(catalog)).toMatchObject({ status: 200 });
  }, 120_000);
  afterAll(() => suite?.close(), 60_000);

  const ok: Client['ok'] = (...request) => client.ok(...request);
  const progress = (id: string) => ok('GET', `/v1/events/${id}`);
  const decided = (id: string, count = 1) =>
    until('it is decided', async () => (await client.call('GET', `/v1/events/${id}`)).json.notifications >= count);
  const titles = async (token: string): Promise<string[]> =>
    (await client.call('GET', '/v1/notifications', undefined, token)).json.data.map(({ title }: any) => title);
  const content = (title: string) => ({ title, message: 'Of an event that somebody thinks better of.' });

  it('before its time never comes; asking again changes nothing', async () => {
    const token = await client.recipient('early');
    const { id } = await ok('POST', '/v1/events', {
      recipients: ['early'],
      content: content('Too early'),
      send_at: new Date(Date.now() + 3_600_000).toISOString(),
    });
    const timers = () => ok('GET', `/v1/admin/timers?event_id=${id}`);
    await until('its timer waits', async () => (await timers()).data.length === 1);

    const first = await client.call('DELETE', `/v1/events/${id}`);
    expect(first).toMatchObject({
      status: 202,
      json: { id, status: 'cancelled', stopped: { timers: 1, fan_outs: 0 }, decided: {}, pending: [] },
    });
    const again = await client.call('DELETE', `/v1/events/${id}`);
    expect(again).toEqual(first);
    expect(await progress(id)).toMatchObject({ status: 'cancelled', cancelled_at: first.json.cancelled_at });
    expect((await timers()).data).toEqual([]);
    expect(await titles(token)).toEqual([]);
  });

  it('keeps what was sent, and neither tries again what was not nor reminds of it; the trace shows all of it', async () => {
    const token = await client.recipient('kim', { email: 'kim@example.org' });
    const { id, notifications } = await ok('POST', '/v1/events', {
      type: 'lesson_scheduled',
      recipients: ['kim'],
      data: { course: 'Harp', starts_at: new Date(Date.now() + 72 * 3_600_000).toISOString() },
    });
    await until('kim has it', async () => (await titles(token)).includes('Booked'));
    await until(
      'the reminder waits',
      async () => (await ok('GET', `/v1/admin/timers?event_id=${id}&kind=reminder`)).data.length === 1,
    );
    const { json } = await client.call('DELETE', `/v1/events/${id}`);
    expect(json).toMatchObject({ stopped: { timers: 1, in_app: 0 }, decided: { in_app: 1 }, out: { in_app: 1 } });
    expect(await titles(token)).toContain('Booked');
    const trace = await ok('GET', `/v1/notifications/${notifications[0].id}/trace`);
    expect(trace.notification.cancelled_at).toBe(json.cancelled_at);
    expect(trace.in_app).not.toBeNull();
  });

  it('is stopped on its way to an audience, and in the queue of a sender that is away', async () => {
    // More than one turn of a fan-out.
    const people = 2200;
    await ok('POST', '/v1/recipients/bulk', {
      recipients: Array.from({ length: people }, (_, i) => ({
        id: `person-${i}`,
        email: `person-${i}@example.org`,
        roles: ['crowd'],
      })),
    });
    const sender = suite.processes.find(({ name }) => name === 'email-sender')!;
    await sender.kill();
    const { id } = await ok('POST', '/v1/events', {
      audience: { role: 'crowd' },
      channels: ['email'],
      content: content('To all of you'),
    });
    await decided(id, 1);
    const { status, json } = await client.call('DELETE', `/v1/events/${id}`);
    expect(status).toBe(202);
    expect(json).toMatchObject({ status: 'cancelled', pending: ['email-sender'] });
    expect(json.decided.email).toBeLessThanOrEqual(people);
    expect(await progress(id)).toMatchObject({ status: 'cancelled', error: null });

    await suite.start('email-sender');
    // Chunks that were under way may still have been decided after the answer.
    await until(
      'what was in the queue has been turned away',
      async () => {
        const { json: now } = await client.call('DELETE', `/v1/events/${id}`);
        if (now.pending.length === 0 && now.stopped.email === now.decided.email) return true;
        throw new Error(JSON.stringify(now));
      },
      // Every question is asked of every service.
      { timeoutMs: 60_000, everyMs: 1_000 },
    );
    expect((await client.call('DELETE', `/v1/events/${id}`)).json).toMatchObject({ out: { email: 0 } });
    expect(await client.mailbox('person-0@example.org')).toEqual([]);
    const log = await ok('GET', '/v1/admin/deliveries/email?status=cancelled&limit=1');
    const trace = await ok('GET', `/v1/notifications/${log.data[0].notification_id}/trace`);
    expect(trace).toMatchObject({
      notification: { cancelled_at: json.cancelled_at },
      deliveries: [{ status: 'cancelled' }],
    });
  }, 180_000);

  it('that is unknown, or no id at all, is answered 404', async () => {
    for (const id of ['019aa5e5-8f00-8a00-8000-000000000001', 'nonsense'])
      expect(await client.call('DELETE', `/v1/events/${id}`)).toMatchObject({
        status: 404,
        json: { code: 'not_found' },
      });
  });
});
