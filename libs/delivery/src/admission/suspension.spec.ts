import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { smsRendered } from '@carillon/contracts';
import { TenantStandings } from '@carillon/service';
import { testBroker, testDatabase, until, type TestBroker, type TestDatabase } from '@carillon/testing';
import { renderedFor, SenderUnderTest, someNumber } from '../../testing/sender-under-test.ts';
import { store } from '../../testing/stored-delivery.ts';
import { deliveryMigrations } from '../migrations/index.ts';

describe('while a tenant is suspended', () => {
  let shared: { database: TestDatabase; broker: TestBroker };
  let replicas: SenderUnderTest[];

  beforeAll(async () => {
    shared = { database: await testDatabase({ 'sms-sender': deliveryMigrations }), broker: await testBroker() };
    replicas = [await SenderUnderTest.start({}, shared), await SenderUnderTest.start({}, shared)];
  }, 60_000);
  afterAll(async () => {
    for (const replica of replicas ?? []) await replica.close();
    await shared?.broker.close();
    await shared?.database.drop();
  });

  const standings = (replica: SenderUnderTest) => replica.service.running.app.get(TenantStandings);
  async function put(standing: 'active' | 'suspended'): Promise<void> {
    await standings(replicas[0]!).put('school', standing);
    await until('all know', () => replicas.every((replica) => standings(replica).of('school') === standing));
  }
  const asked = (to: string) => replicas.reduce((sum, { provider }) => sum + provider.askedFor(to).length, 0);
  const reason = expect.stringContaining('the tenant is suspended');
  const one = () => replicas[0]!;

  it('new deliveries and retries wait without an attempt, and are sent once when it is resumed', async () => {
    const [retry, ...fresh] = Array.from({ length: 21 }, () => renderedFor(someNumber()));
    await put('suspended');
    await store(shared.database, retry!, { status: 'retrying', attempts: 1, due: '-1 s' });
    await one().publish(...fresh);
    for (const { delivery_id } of [retry!, ...fresh])
      await until('it is put aside', async () => (await one().stored(delivery_id)).error?.includes('suspended'));
    expect(await one().stored(fresh[0]!.delivery_id)).toMatchObject({ status: 'queued', attempts: 0, error: reason });
    expect(await one().stored(retry!.delivery_id)).toMatchObject({ status: 'retrying', attempts: 1, error: reason });

    // Another tenant is served meanwhile.
    const other = renderedFor(someNumber());
    await replicas[0]!.service.messages.publish(smsRendered, other, { id: other.delivery_id, tenant: 'shop' });
    await one().reaches(other.delivery_id, 'sent');
    expect(fresh.map(({ to }) => asked(to))).toEqual(fresh.map(() => 0));
    expect(asked(retry!.to)).toBe(0);

    await put('active');
    for (const { delivery_id } of [retry!, ...fresh]) await one().reaches(delivery_id, 'sent');
    expect(fresh.map(({ to }) => asked(to))).toEqual(fresh.map(() => 1));
    expect(asked(retry!.to)).toBe(1);
    expect(await one().attempts(fresh[0]!.delivery_id)).toEqual(['accepted']);
  });

  it('what is too late meanwhile expires', async () => {
    await put('suspended');
    const item = renderedFor(someNumber(), { expires_at: new Date(Date.now() + 3_600_000).toISOString() });
    await one().publish(item);
    await until('it is put aside', async () => (await one().stored(item.delivery_id)).error?.includes('suspended'));
    await shared.database.query(
      `UPDATE sms_sender.deliveries SET expires_at = now(), next_attempt_at = now() WHERE id = $1`,
      [item.delivery_id],
    );
    await one().reaches(item.delivery_id, 'expired');
    await put('active');
    expect(asked(item.to)).toBe(0);
  });
});
