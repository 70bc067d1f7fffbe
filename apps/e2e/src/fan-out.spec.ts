import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '@carillon/testing';
import { Client } from './client.ts';
import { startSuite, type Suite } from './suite.ts';

describe('an event to an audience', () => {
  let suite: Suite;
  let client: Client;

  beforeAll(async () => {
    suite = await startSuite();
    client = new Client(suite);
  }, 90_000);
  afterAll(() => suite.close(), 60_000);

  const inInboxes = async (title: string): Promise<{ all: number; distinct: number }> => {
    const [row] = await suite.database.query(
      `SELECT count(*)::int AS all, count(DISTINCT recipient)::int AS distinct FROM inbox.notifications WHERE title = $1`,
      [title],
    );
    return row;
  };

  it('misses nobody and doubles nobody when preferences is killed again and again in the middle', async () => {
    const people = 6000;
    const added = await client.call('POST', '/v1/recipients/bulk', {
      recipients: Array.from({ length: people }, (_, i) => ({ id: `person-${i}`, roles: ['crowd'] })),
    });
    expect(added).toMatchObject({ status: 200, json: { created: people } });

    const { status, json } = await client.call('POST', '/v1/events', {
      audience: { role: 'crowd' },
      content: { title: 'Doors open', message: 'The doors open at eight.' },
    });
    expect(status).toBe(202);
    expect(json.notifications).toBeUndefined();
    const progress = async () => (await client.call('GET', `/v1/events/${json.id}`)).json;

    for (const share of [0.1, 0.5]) {
      await until('it is on its way', async () => (await progress()).notifications >= people * share);
      const victim = suite.processes.filter(({ name }) => name === 'preferences').at(-1)!;
      await victim.kill();
      await suite.start('preferences');
    }
    // A killed replica's claim has to lapse before another goes on.
    await until('the fan-out is finished', async () => (await progress()).status === 'decided', { timeoutMs: 120_000 });
    expect(await progress()).toMatchObject({ notifications: people, deliveries: { in_app: people }, error: null });
    await until('everyone has it', async () => (await inInboxes('Doors open')).distinct === people, {
      timeoutMs: 60_000,
    });
    expect(await inInboxes('Doors open')).toEqual({ all: people, distinct: people });
  }, 240_000);

  it('lets a small tenant’s or an urgent message pass while a large one is under way', async () => {
    const token = await client.recipient('waiting', { name: 'Waiting' });
    const large = await client.call('POST', '/v1/events', {
      audience: { all: true },
      content: { title: 'Newsletter', message: 'To all of you.' },
    });
    const code = await client.call('POST', '/v1/events', {
      recipients: ['waiting'],
      priority: 'urgent',
      content: { title: 'Code', message: 'Your code is ready.' },
    });
    await until('the urgent one is in the inbox', async () => {
      const { json } = await client.call('GET', '/v1/notifications', undefined, token);
      return json.data.some(({ title }: any) => title === 'Code');
    });
    expect(code.status).toBe(202);
    expect(large.status).toBe(202);
    expect((await inInboxes('Newsletter')).all).toBeLessThan(6001);
  });
});
