import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { dataSourceOptions } from '@carillon/persistence';
import { testDatabase, type TestDatabase } from '@carillon/testing';
import { DataSource } from 'typeorm';
import { deliveryMigrations } from '../migrations/index.ts';
import { claimsOf } from './cap-claims.ts';
import { CapStore } from './cap-store.ts';

describe('Counting against caps', () => {
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

  const replica = () => new CapStore(db);
  const used = async (tenant: string) =>
    Object.fromEntries(
      (
        await db.query<{ scope: string; key: string; used: number }[]>(
          'SELECT scope, key, used FROM cap_usage WHERE tenant = $1',
          [tenant],
        )
      ).map(({ scope, key, used }) => [`${scope}${key && ` ${key}`}`, used]),
    );
  const delivery = (tenant: string, caps: Parameters<typeof claimsOf>[0], recipient = 'amina') => ({
    tenant,
    claims: claimsOf(caps, { tenant, recipient, destination: '+254711000111' }),
  });

  it('never grants more than there is, whichever replica is asked', async () => {
    const replicas = [replica(), replica()];
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) => replicas[index % 2]!.reserve(delivery('race', { per_day: 75 }))),
    );
    expect(answers.filter((refusal) => refusal === undefined)).toHaveLength(75);
    expect(await used('race')).toEqual({ day: 75 });
    const refused = answers.find((refusal) => refusal !== undefined)!;
    expect(refused.claim.scope).toBe('day');
    expect(refused.untilSeconds).toBeGreaterThan(0);
    expect(refused.untilSeconds).toBeLessThanOrEqual(86_400);
  });

  it('counts for nothing what another cap refused: who pumps one number does not use up the tenant’s day', async () => {
    const store = replica();
    const caps = { per_recipient_hour: 2, per_day: 100, countries_per_day: { '254': 100 } };
    const answers = await Promise.all(Array.from({ length: 10 }, () => store.reserve(delivery('pumped', caps))));
    expect(answers.filter((refusal) => refusal === undefined)).toHaveLength(2);
    expect(await used('pumped')).toMatchObject({ 'country_day 254': 2, day: 2 });
    expect(await store.reserve(delivery('pumped', caps, 'bo'))).toBeUndefined();
  });

  it('takes back what was not sent', async () => {
    const store = replica();
    const one = delivery('refund', { per_day: 1 });
    expect(await store.reserve(one)).toBeUndefined();
    expect(await store.reserve(one)).toBeDefined();
    await store.refund(one);
    expect(await store.reserve(one)).toBeUndefined();
  });

  it('grants more when a cap is raised, and nothing when it is lowered', async () => {
    const store = replica();
    for (const [most, granted] of [
      [1, true],
      [1, false],
      [2, true],
      [1, false],
      [0, false],
    ] as const) {
      expect([most, (await store.reserve(delivery('raised', { per_day: most }))) === undefined]).toEqual([
        most,
        granted,
      ]);
    }
    expect(await used('raised')).toEqual({ day: 2 });
  });

  it('keeps tenants apart', async () => {
    const store = replica();
    expect(await store.reserve(delivery('one', { per_day: 1 }))).toBeUndefined();
    expect(await store.reserve(delivery('other', { per_day: 1 }))).toBeUndefined();
    expect(await store.usedToday('one')).toEqual({ messages: 1, countries: {} });
  });
});
