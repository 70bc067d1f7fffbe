import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '@carillon/testing';
import pg from 'pg';
import { Client } from './client.ts';
import { startSuite, type Suite } from './suite.ts';

interface Told {
  services: { service: string; status: string; replicas: unknown[] }[];
  at: string;
  queues: {
    trouble: string | null;
    data: {
      queue: string;
      messages: number | null;
      consumers: number | null;
      oldest_at: string | null;
      at_least: boolean;
    }[];
  };
  outbox: object;
  dead_letters: object;
  providers: object[];
}

describe('the health of the system', () => {
  let suite: Suite;
  let client: Client;

  beforeAll(async () => {
    suite = await startSuite();
    client = new Client(suite);
  }, 90_000);

  afterAll(async () => {
    await suite?.close();
  }, 60_000);

  const health = async (): Promise<Told> => {
    const { status, json } = await client.call('GET', '/v1/admin/health');
    expect(status).toBe(200);
    return json;
  };
  const statuses = ({ services }: Told): Record<string, [string, number]> =>
    Object.fromEntries(services.map(({ service, status, replicas }) => [service, [status, replicas.length]]));
  const everyOne = Object.fromEntries(
    ['gateway', 'preferences', 'template-renderer', 'inbox', 'email-sender', 'sms-sender', 'scheduler'].map((name) => [
      name,
      ['ok', 1],
    ]),
  );

  it('shows every replica, the queues that they consume and the breakers of providers', async () => {
    await until('all are heard', async () => statuses(await health()).scheduler![0] === 'ok');
    await suite.start('inbox');
    const now = await until('the second replica is heard', async () => {
      const answer = await health();
      return answer.services.every(({ status }) => status === 'ok') && statuses(answer).inbox![1] === 2 && answer;
    });
    expect(statuses(now)).toEqual({ ...everyOne, inbox: ['ok', 2] });
    await until('both consume', async () => {
      const { queues } = await health();
      expect(queues.trouble).toBeNull();
      const of = (part: string) => queues.data.filter(({ queue }) => queue.includes(part));
      expect(of('.inbox.rendered.in_app.').map(({ consumers }) => consumers)).toEqual([2, 2, 2]);
      expect(of('.rpc.scheduler').map(({ consumers }) => consumers)).toEqual([1]);
      return true;
    });
    expect(now.outbox).toEqual({ count: 0, oldest_at: null });
    expect(now.dead_letters).toEqual({ count: 0, oldest_at: null });
    expect(now.providers).toMatchObject([
      { channel: 'email', trouble: null, providers: [{ origin: 'installation', breaker: { state: 'closed' } }] },
      { channel: 'sms', trouble: null, providers: [{ origin: 'installation', breaker: { state: 'closed' } }] },
    ]);
  });

  it('says how long the oldest message of a queue has waited: at least, and exactly once it is in a hand', async () => {
    const sender = suite.processes.find(({ name }) => name === 'sms-sender')!;
    await sender.stop();
    await client.recipient('amina', { phone: '+254712345678' });
    const before = Math.floor(Date.now() / 1000) * 1000;
    await client.ok('POST', '/v1/events', {
      content: { title: 'Hi', message: 'Hi' },
      channels: ['sms'],
      recipients: ['amina'],
    });
    const waiting = async () => {
      const { at, queues } = await health();
      const queue = queues.data.find(({ queue }) => queue.endsWith('.sms-sender.rendered.sms.normal'))!;
      return { ...queue, seconds: queue.oldest_at ? (Date.parse(at) - Date.parse(queue.oldest_at)) / 1000 : 0 };
    };
    const seen = await until('it waits', async () => {
      const now = await waiting();
      return now.oldest_at && now;
    });
    expect(seen).toMatchObject({ messages: 1, consumers: 0, at_least: true });
    const older = await until('it waits for longer', async () => {
      const now = await waiting();
      return now.seconds > seen.seconds + 2 && now;
    });
    expect(older.oldest_at).toBe(seen.oldest_at);

    const holder = new pg.Client({ connectionString: suite.database.adminUrl });
    await holder.connect();
    try {
      await holder.query('BEGIN; LOCK TABLE sms_sender.deliveries IN SHARE MODE');
      await suite.start('sms-sender');
      const held = await until('the sender has it in hand', async () => {
        const now = await waiting();
        return now.messages === 0 && now.oldest_at && now;
      });
      expect(held).toMatchObject({ consumers: 1, at_least: false });
      const published = Date.parse(held.oldest_at!);
      expect(published).toBeGreaterThanOrEqual(before);
      expect(published).toBeLessThanOrEqual(Date.parse(seen.oldest_at!));
    } finally {
      await holder.end();
    }
    await client.arrived('+254712345678', 'sms');
    await until('nothing waits', async () => (await waiting()).oldest_at === null);
  });

  it('lists who was killed as missing, and goes on answering', async () => {
    for (const name of ['scheduler', 'sms-sender']) await suite.processes.findLast((one) => one.name === name)!.kill();
    await suite.processes.find(({ name }) => name === 'inbox')!.kill();
    const now = await until('they are missed', async () => {
      const answer = await health();
      return statuses(answer).inbox![1] === 1 && statuses(answer).scheduler![0] === 'missing' && answer;
    });
    await until('so is the sender', async () => statuses(await health())['sms-sender']![0] === 'missing');
    expect(statuses(now)).toMatchObject({ gateway: ['ok', 1], scheduler: ['missing', 0], inbox: ['ok', 1] });
    expect((await health()).providers).toMatchObject([
      { channel: 'email', trouble: null },
      { channel: 'sms', trouble: expect.any(String), providers: [] },
    ]);

    await suite.start('scheduler');
    await until('another one is heard', async () => statuses(await health()).scheduler![0] === 'ok');
  });
});
