import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Names, streetTopology } from '@carillon/messaging';
import { servers, unique, until } from '@carillon/testing';
import { connect, type ChannelModel } from 'amqplib';
import pg from 'pg';
import { bench, type BenchOptions } from '../bench.ts';
import { readOptions } from '../options.ts';
import { questions } from './questions.ts';
import { inboxSizeTable } from './table.ts';

function options(...args: string[]): BenchOptions & { run: string } {
  const given = ['--only', 'inbox-size', '--rows', '4000', '--seconds', '1', ...args];
  return {
    ...readOptions(given)!,
    adminUrl: servers.databaseUrl,
    amqpUrl: servers.amqpUrl,
    run: unique(),
  };
}

describe('the inbox at size', () => {
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

  /** Database, roles, queues and exchanges that a run has left. */
  async function leftOf(run: string): Promise<string[]> {
    const { rows } = await admin.query<{ name: string }>(
      `SELECT datname AS name FROM pg_database WHERE starts_with(datname, $1)
        UNION ALL SELECT rolname FROM pg_roles WHERE starts_with(rolname, $1)`,
      [`carillon_bench_${run}`],
    );
    const { queues, exchanges } = streetTopology(new Names(`carillon.bench_${run}`));
    const there = await Promise.all([
      ...queues.map(({ name }) => exists(name, 'checkQueue')),
      ...exchanges.map(({ name }) => exists(name, 'checkExchange')),
    ]);
    return [...rows.map(({ name }) => name), ...there.flat()];
  }
  /** Asking for what does not exist closes the channel. */
  async function exists(name: string, check: 'checkQueue' | 'checkExchange'): Promise<string[]> {
    const channel = await broker.createChannel();
    channel.on('error', () => undefined);
    return channel[check](name).then(
      () => channel.close().then(() => [name]),
      () => [],
    );
  }

  it('asks every question with 2,000 and with 4,000 rows, and leaves nothing behind', async () => {
    const given = options();
    const { rounds, inboxSize } = await bench(given, new AbortController().signal);

    expect(rounds).toEqual([]);
    expect(inboxSize!.map(({ rows }) => rows)).toEqual([2000, 4000]);
    for (const { alone, together, bytes } of inboxSize!) {
      for (const answers of [alone, together]) {
        expect(Object.keys(answers)).toEqual(questions.map(({ name }) => name));
        for (const { asked, p50, p99, found } of Object.values(answers)) {
          expect(asked).toBeGreaterThan(0);
          expect(p99).toBeGreaterThanOrEqual(p50);
          expect(found).toBeGreaterThan(0);
        }
      }
      expect(bytes).toBeGreaterThan(500_000);
    }
    expect(inboxSizeTable(inboxSize!)).toMatch(/unread count +\d+\.\d +\d+\.\d +\d+\.\d\d/);
    expect(await leftOf(given.run)).toEqual([]);
  }, 60_000);

  it('takes everything away when it is interrupted while it fills', async () => {
    const given = options('--rows', '1000000');
    const interruption = new AbortController();
    const ended = bench(given, interruption.signal).catch((error: unknown) => error);
    await until('it fills', async () => {
      const { rowCount } = await admin.query(
        `SELECT 1 FROM pg_stat_activity WHERE datname = $1 AND query LIKE '%INSERT INTO inbox.notifications%' AND state = 'active'`,
        [`carillon_bench_${given.run}`],
      );
      return rowCount === 1;
    });
    interruption.abort(new Error('enough'));

    expect(await ended).toEqual(new Error('enough'));
    expect(await leftOf(given.run)).toEqual([]);
  }, 60_000);

  it('refuses more rows than the disk has room for, before it writes any', async () => {
    const given = options('--rows', String(1e15));
    await expect(bench(given, new AbortController().signal)).rejects.toThrow(
      /takes 700000000\.0 GB of disk and as much again to spare, but only .* are free: try --rows \d+/,
    );
    expect(await leftOf(given.run)).toEqual([]);
  });
});
