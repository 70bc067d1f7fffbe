import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '@carillon/testing';
import { Client } from './client.ts';
import { startSuite, type Suite } from './suite.ts';

describe('what was kept for long enough', () => {
  let suite: Suite;
  let client: Client;

  beforeAll(async () => {
    suite = await startSuite();
    client = new Client(suite);
  }, 120_000);
  afterAll(() => suite?.close(), 60_000);

  const ok: Client['ok'] = (...request) => client.ok(...request);
  const removed = (run: any): Record<string, number> =>
    Object.fromEntries(run.removed.map(({ kind, count }: any) => [kind, count]));

  it('is shown before it goes, goes from every service, and is told of afterwards', async () => {
    const token = await client.recipient('kim', { email: 'kim@example.org' });
    const { id } = await ok('POST', '/v1/events', {
      recipients: ['kim'],
      channels: ['in_app', 'email'],
      content: { title: 'Long ago', message: 'Nobody needs it any more.' },
    });
    const late = await ok('POST', '/v1/events', {
      recipients: ['kim'],
      channels: ['in_app'],
      send_at: new Date(Date.now() + 500).toISOString(),
      content: { title: 'By a timer', message: 'Which has fired.' },
    });
    await client.arrived('kim@example.org', 'email');
    const inbox = async (): Promise<any[]> =>
      (await client.call('GET', '/v1/notifications', undefined, token)).json.data;
    await until('both are there', async () => (await inbox()).length === 2);
    await client.call('POST', '/v1/notifications/read-all', undefined, token);
    await until(
      'the timer has fired',
      async () => (await ok('GET', `/v1/admin/timers?status=fired&event_id=${late.id}`)).data.length === 1,
    );
    // Time passes.
    await suite.database.query(`UPDATE inbox.notifications SET read_at = read_at - interval '40 days'`);
    await suite.database.query(`UPDATE scheduler.timers SET due_at = due_at - interval '40 days'`);
    await suite.database.query(
      `UPDATE preferences.events SET first_at = first_at - interval '100 days' WHERE id = $1`,
      [id],
    );
    const before = await ok('GET', '/v1/admin/retention');
    expect(before.kinds.find(({ kind }: any) => kind === 'read_notifications')).toMatchObject({ days: 30 });

    const tried = await client.call('POST', '/v1/admin/retention/run', { dry_run: true });
    expect(tried).toMatchObject({ status: 200, json: { id: null, dry_run: true, status: 'finished' } });
    expect(removed(tried.json)).toEqual({ read_notifications: 2, timers: 1 });
    expect(await inbox()).toHaveLength(2);

    // Its own days count.
    const chosen = await ok('PUT', '/v1/admin/retention', { days: { timers: 60 } });
    expect(chosen.kinds.find(({ kind }: any) => kind === 'timers')).toMatchObject({ days: 60, default_days: 30 });
    const begun = await client.call('POST', '/v1/admin/retention/run', {});
    expect(begun).toMatchObject({ status: 202, json: { dry_run: false, status: 'running' } });
    const run = await until('it is finished', async () => {
      const now = await ok('GET', `/v1/admin/retention/runs/${begun.json.id}`);
      if (now.status === 'running') throw new Error(JSON.stringify(now));
      return now;
    });
    expect(run).toMatchObject({ status: 'finished', due_at: null });
    expect(run.services.map(({ service, status, error }: any) => `${service} ${status} ${error}`)).toHaveLength(7);
    expect(removed(run)).toEqual({ read_notifications: 2 });
    expect(await inbox()).toEqual([]);
    expect((await client.call('GET', `/v1/events/${id}`)).status).toBe(404);
    // What is younger is there.
    expect(await client.delivery('email', { recipient: 'kim' })).toMatchObject({ status: 'sent' });
    const { data } = await ok('GET', '/v1/admin/retention/runs');
    expect(data.map((one: any) => one.id)).toEqual([run.id]);
  });

  it('is refused with the field where days or kinds are none', async () => {
    const put = (days: object) => client.call('PUT', '/v1/admin/retention', { days });
    expect(await put({ deliveries: 0 })).toMatchObject({
      status: 400,
      json: { errors: [{ path: 'days.deliveries' }] },
    });
    expect(await put({ leftovers: 3 })).toMatchObject({ status: 400 });
    expect(await put({ everything: 3 })).toMatchObject({ status: 400 });
    expect(await client.call('GET', '/v1/admin/retention/runs/019aa5e5-8f00-8a00-8000-000000000001')).toMatchObject({
      status: 404,
    });
  });
});
