import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { dataSourceOptions } from '@carillon/persistence';
import { testDatabase, until, type TestDatabase } from '@carillon/testing';
import fc from 'fast-check';
import { DataSource } from 'typeorm';
import { deliveryMigrations } from '../migrations/index.ts';
import { leaseMoments } from './budget-store.ts';
import { take, wanted, type Moments } from './moments.ts';
import { RateBudget } from './rate-budget.ts';

describe('Moments to send', () => {
  it('are used once each, never before their time and never after the next one came', () => {
    const asked = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 200 });
    fc.assert(
      fc.property(asked, fc.integer({ min: 1, max: 20 }), (pauses, everyMs) => {
        let moments: Moments = { at: Array.from({ length: 50 }, (_, index) => index * everyMs), everyMs };
        let now = 0;
        const used: number[] = [];
        for (const pause of pauses) {
          now += pause;
          const taken = take(moments, now);
          if (taken.kind === 'none') continue;
          moments = taken.left;
          if (taken.kind === 'now') used.push(now);
          else expect(take(moments, now + taken.inMs).kind).toBe('now');
        }
        for (const from of used) {
          const within = used.filter((at) => at >= from && at < from + 10 * everyMs).length;
          expect(within).toBeLessThanOrEqual(11);
        }
      }),
    );
  });

  it('are asked for by demand, at most those of a second', () => {
    expect([wanted(1, 0, 10), wanted(3, 4, 10), wanted(500, 0, 10), wanted(0, 0, 0.2)]).toEqual([1, 7, 10, 1]);
  });
});

describe('The rate budget of a provider', () => {
  let database: TestDatabase;
  let db: DataSource;
  beforeAll(async () => {
    database = await testDatabase({ 'sms-sender': deliveryMigrations });
    db = await new DataSource(
      dataSourceOptions({ url: database.url('sms-sender'), service: 'sms-sender' }),
    ).initialize();
  });
  afterAll(async () => {
    await db?.destroy();
    await database?.drop();
  });

  /** A replica that counts its statements. */
  function replica(provider: string, perSecond: number) {
    const counting = { statements: 0 };
    const counted = {
      query: (sql: string, parameters?: unknown[]) => {
        counting.statements += 1;
        return db.query(sql, parameters);
      },
    };
    const budget = new RateBudget(perSecond, (count) =>
      leaseMoments(counted, { tenant: '', provider, perSecond }, count),
    );
    return { budget, counting };
  }

  it('is kept by two replicas together, at a few statements a second', async () => {
    const perSecond = 100;
    const replicas = [replica('both', perSecond), replica('both', perSecond)];
    const sent: number[] = [];
    const sending = replicas.flatMap(({ budget }) =>
      Array.from({ length: 150 }, async () => {
        if (await budget.take('normal', 60_000)) sent.push(performance.now());
      }),
    );
    await Promise.all(sending);
    for (const { budget } of replicas) budget.close();
    expect(sent).toHaveLength(300);
    // Timers may be late, which moves sends closer together by as much: hence two moments of tolerance, not one.
    for (const from of sent) {
      expect(sent.filter((at) => at >= from && at < from + 1000).length).toBeLessThanOrEqual(perSecond + 2);
    }
    expect(Math.max(...sent) - Math.min(...sent)).toBeGreaterThan(2_900);
    const statements = replicas.reduce((sum, { counting }) => sum + counting.statements, 0);
    expect(statements).toBeLessThan(60);
  });

  it('serves the urgent lane first, and lets nobody wait longer than they want', async () => {
    const { budget } = replica('lanes', 5);
    await budget.take('normal', 60_000);
    const served: string[] = [];
    const impatient = budget.take('bulk', 10);
    const others = (['bulk', 'normal', 'urgent'] as const).map((lane) =>
      budget.take(lane, 60_000).then((taken) => taken && served.push(lane)),
    );
    expect(await impatient).toBe(false);
    await Promise.all(others);
    budget.close();
    expect(served).toEqual(['urgent', 'normal', 'bulk']);
  });

  it('waits while the database is away', async () => {
    let away = true;
    const budget = new RateBudget(100, async (count) => {
      if (away) throw new Error('away');
      return { firstInMs: 0, count };
    });
    let taken = false;
    const waiting = budget.take('normal', 60_000).then(() => (taken = true));
    expect(taken).toBe(false);
    away = false;
    await until('it goes on', () => taken);
    await waiting;
    budget.close();
  });
});
