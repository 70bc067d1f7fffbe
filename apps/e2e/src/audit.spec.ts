import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '@carillon/testing';
import { Client } from './client.ts';
import { startSuite, type Suite } from './suite.ts';

describe('the audit log', () => {
  let suite: Suite;
  let client: Client;

  beforeAll(async () => {
    suite = await startSuite();
    client = new Client(suite);
  }, 90_000);

  afterAll(() => suite.close(), 60_000);

  const log = async (query: string, from: Client = client): Promise<any[]> =>
    (await from.call('GET', `/v1/admin/audit-log?${query}`)).json.data;

  it('tells what was changed in any service, as it was and as it is', async () => {
    expect((await client.call('PATCH', '/v1/admin/brand', { name: 'Hill School' })).status).toBe(200);
    expect((await client.call('PATCH', '/v1/admin/brand', { name: 'Lake School' })).status).toBe(200);
    const [second, first] = await log('action=brand');
    expect(first).toMatchObject({
      action: 'brand.patch',
      target: 'brand',
      outcome: 'done',
      after: { settings: { name: 'Hill School' } },
    });
    expect(second).toMatchObject({
      before: { settings: { name: 'Hill School' } },
      after: { settings: { name: 'Lake School' } },
    });
    // What did not change is not told.
    expect(Object.keys(second.after.settings)).toEqual(['name']);

    await client.recipient('amina', { email: 'amina@example.org' });
    const path = '/v1/admin/recipients/amina/preferences';
    expect((await client.call('PATCH', path, { channels: { sms: false } })).status).toBe(200);
    const [choice] = await log('target=recipients/amina');
    expect(choice).toMatchObject({ action: 'recipients.preferences.patch', after: { channels: { sms: false } } });
    expect(JSON.stringify(choice)).not.toContain('amina');

    const schedule = {
      name: 'Weekly',
      cron: '0 8 * * 1',
      time_zone: 'Africa/Nairobi',
      event: { content: { title: 'News', message: 'Read them.' }, audience: { all: true } },
    };
    const { status, json } = await client.call('POST', '/v1/admin/schedules', schedule);
    expect([status, json.errors]).toEqual([201, undefined]);
    expect(await log(`target=schedules/${json.id}`)).toMatchObject([
      { action: 'schedules.create', before: null, after: { id: json.id, name: 'Weekly' } },
    ]);
    expect((await client.call('POST', '/v1/admin/schedules', { ...schedule, cron: '99 8 * * 1' })).status).toBe(422);
    expect((await log('action=schedules.create'))[0]).toMatchObject({ outcome: 'refused', status: 422, after: null });
    expect((await client.call('GET', '/v1/admin/audit-log/verify')).json).toMatchObject({ intact: true });
  });

  it('tells of an action in the middle of which the gateway was killed', async () => {
    const scheduler = suite.processes.find(({ name }) => name === 'scheduler')!;
    await scheduler.stop();
    const second = await suite.start('gateway');
    const doomed = fetch(`http://127.0.0.1:${second.port}/v1/admin/timers/00000000-0000-4000-8000-000000000000`, {
      method: 'DELETE',
      headers: { authorization: 'Bearer ck_end-to-end-tests-only-0123456789' },
    }).then(
      ({ status }) => status,
      () => 'cut off',
    );
    await until('it has begun', async () => (await log('action=timers.delete')).length === 1, { timeoutMs: 20_000 });
    await second.kill();
    expect(await doomed).toBe('cut off');
    expect(await log('action=timers.delete')).toMatchObject([{ outcome: 'started', status: null, ended_at: null }]);
  }, 60_000);
});
