import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  chosenRetentionKinds,
  freshId,
  getRetention,
  getRetentionRun,
  listRetentionRuns,
  runRetention,
  setRetention,
  type RetentionRun,
} from '@carillon/contracts';
import { startTestService, testBroker, testDatabase, until } from '@carillon/testing';
import type { TestBroker, TestDatabase, TestService } from '@carillon/testing';
import { migrations } from '../../migrations/index.ts';
import { service } from '../service.ts';

/** The scheduler alone: the other services are away, which a run must be able to say. */
describe('retention', () => {
  let database: TestDatabase;
  let broker: TestBroker;
  let scheduler: TestService;
  let other: TestService;
  const env = { RETENTION_DAYS: 'timers=10,deliveries=60', RETENTION_SCHEDULE: '0 3 * * sun' };

  beforeAll(async () => {
    database = await testDatabase({ scheduler: migrations });
    broker = await testBroker();
    // Two replicas.
    [scheduler, other] = await Promise.all([
      startTestService(service, env, { database, broker }),
      startTestService(service, env, { database, broker }),
    ]);
  }, 60_000);
  afterAll(async () => {
    await Promise.all([scheduler?.close(), other?.close()]);
    await broker?.close();
    await database?.drop();
  });

  const ask: TestService['messages']['call'] = (...question) => scheduler.messages.call(...question);
  /** Timers that fired so many days ago. */
  const fired = (tenant: string, ...daysAgo: number[]) =>
    database.query(
      `INSERT INTO scheduler.timers (timer_id, tenant, due_at, routing_key, state, fired_at)
       SELECT gen_random_uuid(), $1, now() - make_interval(days => days), 'k', 'fired', now() FROM unnest($2::int[]) AS days`,
      [tenant, daysAgo],
    );
  const left = async (tenant: string): Promise<number> =>
    (await database.query('SELECT 1 FROM scheduler.timers WHERE tenant = $1', [tenant])).length;
  const partOf = (run: RetentionRun, of = 'scheduler') => run.services.find(({ service: name }) => name === of)!;
  const done = (tenant: string, id: string) =>
    until('the scheduler’s part is done', async () => {
      const run = await ask(getRetentionRun, { tenant, id });
      return partOf(run).status === 'finished' && run;
    });

  it('names every kind with its days; a tenant’s own go before the installation’s, and those before the defaults', async () => {
    const before = await ask(getRetention, { tenant: 'studio' });
    expect(before).toMatchObject({ schedule: '0 3 * * sun', time_zone: 'UTC' });
    expect(new Date(before.next_run).getUTCDay()).toBe(0);
    expect(new Date(before.next_run).getUTCHours()).toBe(3);
    const daysOf = ({ kinds }: typeof before) => Object.fromEntries(kinds.map(({ kind, days }) => [kind, days]));
    expect(daysOf(before)).toMatchObject({ timers: 10, deliveries: 60, decisions: 90 });

    const after = await ask(setRetention, { tenant: 'studio', days: { deliveries: 7, timers: 20 }, by: 'console' });
    expect(daysOf(after)).toMatchObject({ timers: 20, deliveries: 7, decisions: 90 });
    expect(daysOf(await ask(getRetention, { tenant: 'shop' }))).toEqual(daysOf(before));
    const again = await ask(setRetention, { tenant: 'studio', days: { timers: 20 }, by: 'console' });
    expect(daysOf(again)).toMatchObject({ timers: 20, deliveries: 60 });
    expect(chosenRetentionKinds).not.toContain('leftovers');
  });

  it('can be tried out, then run, for one tenant; both say the same, and others see nothing of it', async () => {
    await ask(setRetention, { tenant: 'studio', days: { timers: 20 }, by: 'console' });
    await Promise.all([fired('studio', 30, 21, 19, 1), fired('shop', 30)]);
    const tried = await ask(runRetention, { tenant: 'studio', dry_run: true, by: 'console' }, { timeoutMs: 20_000 });
    expect(tried).toMatchObject({ id: null, dry_run: true, removed: [{ kind: 'timers', count: 2 }] });
    const days = (Date.now() - Date.parse(tried.removed[0]!.oldest!)) / 86_400_000;
    expect(Math.round(days)).toBe(30);
    expect(partOf(tried)).toMatchObject({ status: 'finished', error: null });
    expect(partOf(tried, 'inbox')).toMatchObject({ status: 'incomplete', error: expect.stringContaining('inbox') });
    expect(await left('studio')).toBe(4);

    const begun = await ask(runRetention, { tenant: 'studio', dry_run: false, by: 'console' });
    expect(begun).toMatchObject({ status: 'running', asked_by: 'console', due_at: null });
    const run = await done('studio', begun.id!);
    expect(run).toMatchObject({ status: 'running', removed: [{ kind: 'timers', count: 2 }] });
    expect(await left('studio')).toBe(2);
    expect(await left('shop')).toBe(1);
    expect((await ask(listRetentionRuns, { tenant: 'shop', limit: 10, after: null })).data).toEqual([]);
    await expect(ask(getRetentionRun, { tenant: 'shop', id: begun.id! })).rejects.toMatchObject({ status: 404 });
    await expect(ask(getRetentionRun, { tenant: 'studio', id: freshId() })).rejects.toMatchObject({ status: 404 });
  });

  it('comes at its time for everybody, once however many replicas; missed, it comes late; each tenant sees its own numbers', async () => {
    await fired('a-school', 11, 12, 9);
    await fired('b-school', 11);
    const [clock] = await database.query<{ due: Date }>(
      `UPDATE scheduler.retention_clock SET next_at = now() - interval '2 days' RETURNING next_at AS due`,
    );
    const runs = async (tenant: string) => (await ask(listRetentionRuns, { tenant, limit: 10, after: null })).data;
    const [run] = await until('it has begun', async () => {
      const all = await runs('a-school');
      return all.length > 0 && all;
    });
    expect(run).toMatchObject({ asked_by: null, due_at: clock!.due.toISOString() });
    expect((await done('a-school', run!.id!)).removed).toEqual([{ kind: 'timers', count: 2, oldest: null }]);
    expect((await done('b-school', run!.id!)).removed).toEqual([{ kind: 'timers', count: 1, oldest: null }]);
    expect(await left('a-school')).toBe(1);
    const { next_run } = await ask(getRetention, { tenant: 'a-school' });
    expect(Date.parse(next_run)).toBeGreaterThan(Date.now());

    // The next one gives up what of this one could not be done, for the services that are away.
    await database.query(`UPDATE scheduler.retention_clock SET next_at = now() - interval '1 second'`);
    await until('the next has begun', async () => (await runs('a-school')).length === 2);
    const former = await ask(getRetentionRun, { tenant: 'a-school', id: run!.id! });
    expect(former).toMatchObject({ status: 'incomplete' });
    expect(partOf(former, 'inbox').status).toBe('incomplete');
    const [{ count }] = await database.query(
      `SELECT count(*)::int AS count FROM scheduler.retention_runs WHERE tenant = ''`,
    );
    expect(count).toBe(2);
  });

  it('keeps what has not ended, whatever its age', async () => {
    await database.query(
      `INSERT INTO scheduler.timers (timer_id, tenant, due_at, routing_key, message, claimed_until)
       VALUES (gen_random_uuid(), 'late', now() - interval '40 days', 'k', '{}', now() + interval '1 hour')`,
    );
    const { id } = await ask(runRetention, { tenant: 'late', dry_run: false, by: 'console' });
    await done('late', id!);
    expect(await left('late')).toBe(1);
  });

  it('is refused at the start with a schedule that never comes or a kind that is none', async () => {
    const start = (wrong: Record<string, string>) => startTestService(service, wrong, { database, broker });
    await expect(start({ RETENTION_SCHEDULE: '0 0 30 2 *' })).rejects.toThrow('RETENTION_SCHEDULE');
    await expect(start({ RETENTION_TIME_ZONE: 'Mars/Olympus' })).rejects.toThrow('Mars/Olympus');
    await expect(start({ RETENTION_DAYS: 'timers=0' })).rejects.toThrow('RETENTION_DAYS');
    await expect(start({ RETENTION_DAYS: 'leftovers=1' })).rejects.toThrow('kinds are');
  });
});
