import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventId } from '@carillon/contracts';
import { dataSourceOptions } from '@carillon/persistence';
import { testDatabase, type TestDatabase } from '@carillon/testing';
import { DataSource } from 'typeorm';
import { migrations } from '../../migrations/index.ts';
import { FanOutStore, type ClaimedFanOut } from './fan-out-store.ts';

describe('fan-outs', () => {
  let database: TestDatabase;
  let db: DataSource;
  let store: FanOutStore;

  beforeAll(async () => {
    database = await testDatabase({ preferences: migrations });
    db = await new DataSource(
      dataSourceOptions({ url: database.url('preferences'), service: 'preferences' }),
    ).initialize();
    store = new FanOutStore(db);
  });
  beforeEach(() => db.query('DELETE FROM fan_outs').then(() => db.query('DELETE FROM fan_out_turns')));
  afterAll(async () => {
    await db.destroy();
    await database.drop();
  });

  const begin = async (tenant: string, name: string): Promise<string> => {
    const id = eventId(1_700_000_000_000 + Number(name.replace(/\D/g, '')), tenant, '/test', name);
    const event = { tenant, id, type: 'system_update', source: '/test', request: { audience: { all: true as const } } };
    await store.begin({ event, type: 'system_update', audience: { all: true } });
    return id;
  };
  const claims = async (count: number): Promise<ClaimedFanOut[]> => {
    const claimed: ClaimedFanOut[] = [];
    for (let i = 0; i < count; i++) {
      const next = await store.claim();
      if (!next) break;
      claimed.push(next);
      await store.advance(next, `after-${i}`);
    }
    return claimed;
  };

  it('take turns between tenants, however many one of them has', async () => {
    for (const name of ['1', '2', '3']) await begin('large', name);
    await begin('small', '4');
    expect((await claims(6)).map(({ event }) => event.tenant)).toEqual([
      'large',
      'small',
      'large',
      'small',
      'large',
      'small',
    ]);
  });

  it('give a tenant that comes anew its turn, but no more than that', async () => {
    await begin('large', '1');
    await claims(3);
    for (const name of ['2', '3', '4']) await begin('newcomer', name);
    expect((await claims(4)).map(({ event }) => event.tenant)).toEqual(['newcomer', 'large', 'newcomer', 'large']);
  });

  it('of one tenant are done in the order of their events', async () => {
    const later = await begin('a', '2');
    const first = await begin('a', '1');
    const [claimed] = await claims(1);
    expect(claimed!.event.id).toBe(first);
    await store.advance((await store.claim())!, undefined);
    expect((await store.claim())!.event.id).toBe(later);
  });

  it('are claimed by one at a time, and by another once the claim has lapsed, from the same recipient on', async () => {
    await begin('a', '1');
    await claims(1);
    const mine = (await store.claim())!;
    expect(mine.cursor).toBe('after-0');
    expect(await store.claim()).toBeUndefined();
    await db.query(`UPDATE fan_outs SET claimed_until = now() - interval '1 second'`);
    const theirs = (await store.claim())!;
    expect(theirs.cursor).toBe('after-0');
    await store.advance(theirs, 'theirs');
    // Whoever lost the claim moves nothing any more.
    await store.advance(mine, 'mine');
    await store.pause(mine, 60, 'late');
    expect(await db.query('SELECT cursor, error, finished_at FROM fan_outs')).toEqual([
      { cursor: 'theirs', error: null, finished_at: null },
    ]);
  });

  it('that are begun again go on where they are', async () => {
    await begin('a', '1');
    await claims(2);
    await begin('a', '1');
    expect((await store.claim())!.cursor).toBe('after-1');
  });

  it('are not claimed any more when they are finished, and not while they wait', async () => {
    await begin('a', '1');
    await store.advance((await store.claim())!, undefined);
    expect(await store.claim()).toBeUndefined();
    await begin('a', '2');
    await store.pause((await store.claim())!, 60, 'the type has gone');
    expect(await store.claim()).toBeUndefined();
    expect(await db.query('SELECT error FROM fan_outs WHERE finished_at IS NULL')).toEqual([
      { error: 'the type has gone' },
    ]);
  });

  it('never hand the same one to two who ask at once', async () => {
    for (let i = 1; i <= 8; i++) await begin(`tenant-${i}`, String(i));
    const claimed = await Promise.all(Array.from({ length: 12 }, () => store.claim()));
    const ids = claimed.flatMap((one) => one?.event.id ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThan(0);
  });
});
