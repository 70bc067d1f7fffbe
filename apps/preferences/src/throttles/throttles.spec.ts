import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { dataSourceOptions } from '@carillon/persistence';
import { testDatabase, type TestDatabase } from '@carillon/testing';
import { DataSource } from 'typeorm';
import { Throttles0005 } from '../../migrations/0005-throttles.ts';
import { Throttles, type ThrottleRequest } from './throttles.ts';

const hour = 3_600_000;

describe('throttles of several replicas', () => {
  let database: TestDatabase;
  let replicas: { db: DataSource; throttles: Throttles }[];
  const now = Date.now();

  beforeAll(async () => {
    database = await testDatabase({ preferences: [Throttles0005] });
    const options = dataSourceOptions({ url: database.url('preferences'), service: 'preferences', poolSize: 3 });
    replicas = await Promise.all(
      [1, 2, 3].map(async () => {
        const db = await new DataSource(options).initialize();
        return { db, throttles: new Throttles(db) };
      }),
    );
  });

  beforeEach(() => database.query('TRUNCATE preferences.throttles'));

  afterAll(async () => {
    await Promise.all(replicas.map(({ db }) => db.destroy()));
    await database.drop();
  });

  const request = (id: string, more: Partial<ThrottleRequest> = {}): ThrottleRequest => ({
    tenant: 'default',
    recipient: 'amina',
    type: 'new_message',
    notificationId: id,
    at: now,
    max: 3,
    windowMs: hour,
    ...more,
  });
  const passing = (answers: boolean[]) => answers.filter(Boolean).length;

  it('let exactly the limit pass, however many ask at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 300 }, (_, n) => replicas[n % 3]!.throttles.admit(request(`n${n}`))),
    );
    expect(passing(answers)).toBe(3);
  });

  it('give each tenant, recipient and type a limit of its own, and never wait for each other in a circle', async () => {
    const keys = Array.from({ length: 400 }, (_, n) => ({
      tenant: n % 2 ? 'school-a' : 'school-b',
      recipient: `r${n}`,
      type: n % 4 < 2 ? 'new_message' : 'login_alert',
    }));
    const answers = await Promise.all(
      Array.from({ length: 9 }, (_, round) =>
        // Some come from the front, some from the back: rows that were locked as they come would deadlock.
        (round % 2 ? keys.toReversed() : keys).map(async (key) => ({
          key: JSON.stringify(key),
          admitted: await replicas[round % 3]!.throttles.admit(request(`${round}`, key)),
        })),
      ).flat(),
    );
    const groups = Map.groupBy(answers, ({ key }) => key);
    expect(groups.size).toBe(400);
    for (const group of groups.values()) expect(passing(group.map(({ admitted }) => admitted))).toBe(3);
    const [{ deadlocks }] = await database.query(
      'SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()',
    );
    expect(deadlocks).toBe(0);
  });

  it('admit a redelivered notification again, at another replica and later, and count it once', async () => {
    const [first, second, third] = replicas;
    expect(await first!.throttles.admit(request('a'))).toBe(true);
    expect(await second!.throttles.admit(request('a', { at: now + 1000 }))).toBe(true);
    expect(await Promise.all([third!.throttles.admit(request('b')), third!.throttles.admit(request('b'))])).toEqual([
      true,
      true,
    ]);
    expect(await first!.throttles.admit(request('c'))).toBe(true);
    expect(await first!.throttles.admit(request('d'))).toBe(false);
    expect(await second!.throttles.admit(request('c'))).toBe(true);
  });

  it('let one pass again as soon as the window has moved on', async () => {
    const [{ throttles }] = replicas as [(typeof replicas)[number]];
    await Promise.all(['a', 'b', 'c'].map((id) => throttles.admit(request(id))));
    expect(await throttles.admit(request('d', { at: now + hour - 1 }))).toBe(false);
    expect(await throttles.admit(request('e', { at: now + hour }))).toBe(true);
  });

  it('can be asked without effect', async () => {
    const [{ throttles }] = replicas as [(typeof replicas)[number]];
    for (let n = 0; n < 5; n++) expect(await throttles.peek(request(`p${n}`))).toBe(true);
    expect(await database.query('SELECT * FROM preferences.throttles')).toEqual([]);
    await Promise.all(['a', 'b', 'c'].map((id) => throttles.admit(request(id))));
    expect(await throttles.peek(request('d'))).toBe(false);
    expect(await throttles.peek(request('b'))).toBe(true);
    expect(await throttles.peek(request('d', { recipient: 'bo' }))).toBe(true);
    expect(await throttles.peek(request('d', { tenant: 'other' }))).toBe(true);
  });

  it('say when they do not count any more', async () => {
    const [{ throttles }] = replicas as [(typeof replicas)[number]];
    await throttles.admit(request('old', { recipient: 'long-ago', at: now - 3 * hour }));
    await Promise.all(['a', 'b', 'c'].map((id) => throttles.admit(request(id))));
    const rows = await database.query(
      'SELECT recipient, forget_at < now() AS over FROM preferences.throttles ORDER BY recipient',
    );
    expect(rows).toEqual([
      { recipient: 'amina', over: false },
      { recipient: 'long-ago', over: true },
    ]);
  });

  it('keep no more times than two windows can hold', async () => {
    const [{ throttles }] = replicas as [(typeof replicas)[number]];
    for (let n = 0; n < 40; n++) await throttles.admit(request(`n${n}`, { at: now + n * (hour / 2), max: 2 }));
    const [{ admitted }] = await database.query('SELECT admitted FROM preferences.throttles');
    expect(admitted.length).toBeLessThanOrEqual(4);
  });
});
