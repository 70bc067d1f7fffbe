import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { cuttableProxy, testDatabase, until, type TestDatabase } from '@carillon/testing';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { isDatabaseAway } from './availability.ts';
import { dataSourceOptions } from './data-source.ts';
import { roleOf } from './names.ts';

describe('isDatabaseAway', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await testDatabase({ inbox: [] }, { ownRoles: true });
    await database.query('CREATE TABLE public.things (id int PRIMARY KEY)');
  });

  afterAll(() => database.drop());

  /** The error with which work on a connection fails. */
  async function failure(url: string, work: (client: pg.Client) => Promise<unknown>, options: pg.ClientConfig = {}) {
    const client = new pg.Client({ connectionString: url, ...options });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await work(client);
    } catch (error) {
      return error;
    } finally {
      client.end().catch(() => undefined);
    }
    throw new Error('it did not fail');
  }

  const changed = (change: (url: URL) => void): string => {
    const url = new URL(database.adminUrl);
    change(url);
    return url.toString();
  };
  const connectOnly = async () => undefined;

  describe('says yes when', () => {
    it('the server ends the connection under a running statement', async () => {
      const error = await failure(database.adminUrl, async (client) => {
        const [{ pid }] = (await client.query('SELECT pg_backend_pid() AS pid')).rows;
        const sleeping = client.query('SELECT pg_sleep(20)');
        sleeping.catch(() => undefined);
        await until('the statement runs', async () => {
          const [row] = await database.query(
            `SELECT state FROM pg_stat_activity WHERE pid = $1 AND query LIKE '%pg_sleep%'`,
            [pid],
          );
          return row?.state === 'active';
        });
        await database.query('SELECT pg_terminate_backend($1)', [pid]);
        await sleeping;
      });
      expect(error).toMatchObject({ code: '57P01' });
      expect(isDatabaseAway(error)).toBe(true);
    });

    it('nothing listens on the port', async () => {
      expect(
        isDatabaseAway(
          await failure(
            changed((url) => (url.port = '1')),
            connectOnly,
          ),
        ),
      ).toBe(true);
    });

    it('the host has no address', async () => {
      expect(
        isDatabaseAway(
          await failure(
            changed((url) => (url.hostname = 'db.invalid')),
            connectOnly,
          ),
        ),
      ).toBe(true);
    });

    it('the server accepts and then says nothing', async () => {
      const mute = createServer(() => undefined).listen(0, '127.0.0.1');
      await once(mute, 'listening');
      const { port } = mute.address() as { port: number };
      const url = changed((target) => (target.port = String(port)));
      const direct = await failure(url, connectOnly, { connectionTimeoutMillis: 150 });
      const pool = new pg.Pool({ connectionString: url, connectionTimeoutMillis: 150 });
      const pooled = await pool.query('SELECT 1').catch((error: unknown) => error);
      await pool.end();
      mute.close();
      expect([direct, pooled].map(isDatabaseAway)).toEqual([true, true]);
    });

    it('the server takes no further connections', async () => {
      await database.query(`ALTER ROLE ${roleOf(database.name, 'inbox')} CONNECTION LIMIT 0`);
      const error = await failure(database.url('inbox'), connectOnly);
      await database.query(`ALTER ROLE ${roleOf(database.name, 'inbox')} CONNECTION LIMIT -1`);
      expect(error).toMatchObject({ code: '53300' });
      expect(isDatabaseAway(error)).toBe(true);
    });

    it('the server has become a read-only standby', async () => {
      const error = await failure(database.adminUrl, (client) => client.query('INSERT INTO things VALUES (9)'), {
        options: '-c default_transaction_read_only=on',
      });
      expect(isDatabaseAway(error)).toBe(true);
    });

    it('the network is cut under a pool, and work goes on when it is back', async () => {
      const proxy = await cuttableProxy(database.url('inbox'));
      const dataSource = new DataSource(dataSourceOptions({ url: proxy.url, service: 'inbox', poolSize: 2 }));
      await dataSource.initialize();
      const running = dataSource.query('SELECT pg_sleep(20)').catch((error: unknown) => error);
      await until('the statement runs', async () => {
        const [{ n }] = await database.query(
          `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = $1 AND state = 'active' AND query = 'SELECT pg_sleep(20)'`,
          [database.name],
        );
        return n === 1;
      });
      proxy.cut();
      expect(isDatabaseAway(await running)).toBe(true);
      for (let attempt = 0; attempt < 3; attempt += 1) {
        expect(isDatabaseAway(await dataSource.query('SELECT 1').catch((error: unknown) => error))).toBe(true);
      }
      proxy.restore();
      await until('it answers again', () => dataSource.query('SELECT 1'));
      await dataSource.destroy();
      await proxy.close();
    });

    it.each(['53100', '57P03', '08006', 'ENETUNREACH', 'EPIPE'])('the code is %s', (code) => {
      expect(isDatabaseAway(Object.assign(new Error('x'), { code }))).toBe(true);
    });

    it('it failed at every address of the host', () => {
      const refused = Object.assign(new Error(''), { code: 'ECONNREFUSED' });
      expect(isDatabaseAway(new AggregateError([refused, refused]))).toBe(true);
    });
  });

  describe('says no when', () => {
    it.each<[string, string, unknown[]]>([
      ['the statement is wrong', 'SELEC 1', []],
      ['a table is missing', 'SELECT * FROM no_such_table', []],
      ['a row is there already', 'INSERT INTO public.things VALUES (1), (1)', []],
      ['a value has the wrong form', `SELECT 'x'::uuid`, []],
      [
        'a statement takes too long',
        `SELECT set_config('statement_timeout', '20', false), pg_sleep(0); SELECT pg_sleep(5)`,
        [],
      ],
      ['a statement is given too few values', 'SELECT $1::int, $2::int', [1]],
    ])('%s', async (_, sql, values) => {
      expect(
        isDatabaseAway(
          await failure(database.adminUrl, (client) =>
            values.length > 0 ? client.query(sql, values) : client.query(sql),
          ),
        ),
      ).toBe(false);
    });

    it('there is no such database: waiting would hide a typing mistake', async () => {
      const error = await failure(
        changed((url) => (url.pathname = '/no_such_database')),
        connectOnly,
      );
      expect(error).toMatchObject({ code: '3D000' });
      expect(isDatabaseAway(error)).toBe(false);
    });

    it('there is no such role', async () => {
      expect(
        isDatabaseAway(
          await failure(
            changed((url) => (url.username = 'no_such_role')),
            connectOnly,
          ),
        ),
      ).toBe(false);
    });

    it('what was thrown is no error of a database at all', () => {
      for (const thrown of [undefined, null, 'ECONNREFUSED', 5, {}, new Error('something else')])
        expect(isDatabaseAway(thrown)).toBe(false);
    });
  });
});
