import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { servers, unique, until } from '@carillon/testing';
import { connect, type ChannelModel } from 'amqplib';
import pg from 'pg';
import { bench, type BenchOptions } from './bench.ts';
import { floorNames } from './floor/topology.ts';
import { readOptions } from './options.ts';

const small = [
  '--only',
  'floor',
  '--events',
  '300',
  '--recipients',
  '10',
  '--rounds',
  '1',
  '--seconds',
  '1',
  '--fan-out-recipients',
  '1200',
];

function options(...args: string[]): BenchOptions & { run: string } {
  return {
    ...readOptions([...small, ...args])!,
    adminUrl: servers.databaseUrl,
    amqpUrl: servers.amqpUrl,
    run: unique(),
  };
}

describe('a run of the bench', () => {
  let admin: pg.Client;
  let broker: ChannelModel;
  beforeAll(async () => {
    admin = new pg.Client({ connectionString: servers.databaseUrl });
    await admin.connect();
    broker = await connect(servers.amqpUrl);
  });
  afterAll(async () => {
    await admin.end();
    await broker.close();
  });

  const hasDatabase = async (run: string) => {
    const { rowCount } = await admin.query('SELECT 1 FROM pg_database WHERE datname = $1', [`carillon_bench_${run}`]);
    return rowCount === 1;
  };
  /** Asking for a queue that does not exist closes the channel. */
  const hasQueues = async (run: string) => {
    const channel = await broker.createChannel();
    channel.on('error', () => undefined);
    const { queues } = floorNames(`carillon.bench_${run}.floor`);
    return channel.checkQueue(queues.intake).then(
      () => channel.close().then(() => true),
      () => false,
    );
  };

  it('measures all scenarios of the floor, and leaves neither database nor queues behind', async () => {
    const given = options();
    const { rounds } = await bench(given, new AbortController().signal);

    expect(rounds.map(({ scenario }) => scenario)).toEqual([
      'in-app',
      'email',
      'email-sender',
      'latency',
      'fan-out',
      'fan-out',
    ]);
    const [inApp, email, sender, latency, fanOut, loop] = rounds;
    expect(inApp).toMatchObject({ side: 'floor', events: 300, perSecond: expect.any(Number) });
    expect(email).toMatchObject({ side: 'floor', events: 75, perSecond: expect.any(Number) });
    expect(sender).toMatchObject({ side: 'floor', events: 75, perSecond: expect.any(Number) });
    expect(latency).toMatchObject({ side: 'floor', p50: expect.any(Number), p99: expect.any(Number) });
    expect(fanOut).toMatchObject({ side: 'floor', events: 1200, perSecond: expect.any(Number) });
    expect(loop).toMatchObject({ side: 'loop', events: 1200, perSecond: expect.any(Number) });
    expect(await hasDatabase(given.run)).toBe(false);
    expect(await hasQueues(given.run)).toBe(false);
  });

  it('takes everything away when it is interrupted in the middle', async () => {
    const given = options('--rounds', '50');
    const interruption = new AbortController();
    const ended = bench(given, interruption.signal).catch((error: unknown) => error);
    await until('the floor has its queues', () => hasQueues(given.run));
    expect(await hasDatabase(given.run)).toBe(true);
    interruption.abort(new Error('enough'));

    expect(await ended).toEqual(new Error('enough'));
    expect(await hasDatabase(given.run)).toBe(false);
    expect(await hasQueues(given.run)).toBe(false);
  });

  it('leaves no database behind when the broker cannot be reached', async () => {
    const given = { ...options(), amqpUrl: 'amqp://guest:guest@127.0.0.1:1' };
    await expect(bench(given, new AbortController().signal)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(await hasDatabase(given.run)).toBe(false);
  });
});
