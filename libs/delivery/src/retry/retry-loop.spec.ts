import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  cuttableProxy,
  servers,
  testBroker,
  testDatabase,
  until,
  type TestBroker,
  type TestDatabase,
} from '@carillon/testing';
import { renderedFor, SenderUnderTest, someNumber } from '../../testing/sender-under-test.ts';
import { store } from '../../testing/stored-delivery.ts';
import { deliveryMigrations } from '../migrations/index.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

let shared: { database: TestDatabase; broker: TestBroker };
beforeAll(async () => {
  shared = { database: await testDatabase({ 'sms-sender': deliveryMigrations }), broker: await testBroker() };
});
afterAll(async () => {
  await shared?.broker.close();
  await shared?.database.drop();
});

async function start(...parameters: Parameters<typeof SenderUnderTest.start>): Promise<SenderUnderTest> {
  const sender = await SenderUnderTest.start(...parameters);
  cleanups.push(() => sender.close());
  return sender;
}

describe('The retry loop', () => {
  it('of two replicas sends each due delivery once', async () => {
    const items = Array.from({ length: 120 }, () => renderedFor(someNumber()));
    for (const item of items) await store(shared.database, item, { status: 'retrying', attempts: 1, due: '-1 s' });
    const replicas = await Promise.all([start({ concurrency: 7 }, shared), start({ concurrency: 7 }, shared)]);
    await Promise.all(items.map(({ delivery_id }) => replicas[0].reaches(delivery_id, 'sent')));
    const sends = items.map(({ to }) => replicas.reduce((sum, { provider }) => sum + provider.askedFor(to).length, 0));
    expect(sends.every((count) => count === 1)).toBe(true);
    expect(await replicas[0].attempts(items[0]!.delivery_id)).toEqual(['retryable', 'accepted']);
  });

  it('leaves alone what is not due yet', async () => {
    const [later, now] = [renderedFor(someNumber()), renderedFor(someNumber())];
    await store(shared.database, later, { status: 'retrying', attempts: 1, due: '1 h' });
    await store(shared.database, now, { status: 'retrying', attempts: 1, due: '-1 s' });
    const sender = await start({}, shared);
    await sender.reaches(now.delivery_id, 'sent');
    expect((await sender.stored(later.delivery_id)).status).toBe('retrying');
    expect(sender.provider.askedFor(later.to)).toEqual([]);
  });

  it('takes the urgent lane first', async () => {
    const [bulk, urgent] = [renderedFor(someNumber(), { lane: 'bulk' }), renderedFor(someNumber(), { lane: 'urgent' })];
    await store(shared.database, bulk, { status: 'retrying', attempts: 1, due: '-1 h' });
    await store(shared.database, urgent, { status: 'retrying', attempts: 1, due: '-1 s' });
    const sender = await start({ concurrency: 1 }, shared);
    await sender.reaches(bulk.delivery_id, 'sent');
    expect(sender.provider.asked.map(({ to }) => to.address)).toEqual([urgent.to, bulk.to]);
  });

  it('does not send a retry whose deadline passed', async () => {
    const item = renderedFor(someNumber());
    await store(shared.database, item, { status: 'retrying', attempts: 1, due: '-1 s', expires: '-1 s' });
    const sender = await start({}, shared);
    await sender.reaches(item.delivery_id, 'expired');
    await sender.tells(item.delivery_id, 'expired');
    await until('the lease is given up', async () => (await sender.stored(item.delivery_id)).lease_until === null);
    expect(sender.provider.asked).toEqual([]);
    expect(await sender.attempts(item.delivery_id)).toEqual(['retryable']);
  });

  it('calls a send uncertain whose process did not live to see its end, and stops there where that is the policy', async () => {
    const item = renderedFor(someNumber());
    await store(shared.database, item, { status: 'sending', attempts: 1, lease: '-1 s' });
    const sender = await start({ uncertain: () => 'stop' }, shared);
    await sender.tells(item.delivery_id, 'uncertain');
    await until('the lease is given up', async () => (await sender.stored(item.delivery_id)).lease_until === null);
    expect(await sender.stored(item.delivery_id)).toMatchObject({
      status: 'uncertain',
      error: 'the sender stopped during the attempt',
    });
    expect(await sender.attempts(item.delivery_id)).toEqual(['uncertain']);
    expect(sender.provider.asked).toEqual([]);
  });

  it('sends it again under the same delivery id where that is the policy, at most as often as there are retries', async () => {
    const [good, bad] = [renderedFor(someNumber()), renderedFor(someNumber())];
    for (const item of [good, bad])
      await store(shared.database, item, { status: 'sending', attempts: 1, lease: '-1 s' });
    const sender = await start({ uncertain: () => 'resend' }, shared);
    sender.provider.script(bad.to, { kind: 'uncertain', error: 'connection reset' });
    await sender.tells(good.delivery_id, 'uncertain', 'sent');
    expect(sender.provider.askedFor(good.to).map(({ deliveryId }) => deliveryId)).toEqual([good.delivery_id]);
    await sender.tells(bad.delivery_id, 'uncertain', 'uncertain', 'uncertain', 'uncertain');
    await until('the lease is given up', async () => (await sender.stored(bad.delivery_id)).lease_until === null);
    expect(await sender.stored(bad.delivery_id)).toMatchObject({ status: 'uncertain', attempts: 4 });
  });

  it('leaves a send alone whose lease still runs', async () => {
    const [running, due] = [renderedFor(someNumber()), renderedFor(someNumber())];
    await store(shared.database, running, { status: 'sending', attempts: 1, lease: '1 h' });
    await store(shared.database, due, { status: 'retrying', attempts: 1, due: '-1 s' });
    const sender = await start({ uncertain: () => 'resend' }, shared);
    await sender.reaches(due.delivery_id, 'sent');
    expect((await sender.stored(running.delivery_id)).status).toBe('sending');
  });

  it('publishes an outcome that was recorded but never told', async () => {
    const item = renderedFor(someNumber());
    await store(shared.database, item, { status: 'sent', attempts: 2, lease: '-1 s' });
    const sender = await start({}, shared);
    await sender.tells(item.delivery_id, 'sent');
    await until('the lease is given up', async () => (await sender.stored(item.delivery_id)).lease_until === null);
    expect(sender.provider.asked).toEqual([]);
  });

  it('finishes what is under way when the service stops, and starts nothing more', async () => {
    const [first, second] = [renderedFor(someNumber()), renderedFor(someNumber())];
    const sender = await SenderUnderTest.start({ concurrency: 1 }, shared);
    let finish!: () => void;
    sender.provider.script(first.to, async () => {
      await new Promise<void>((resolve) => (finish = resolve));
      return { kind: 'accepted', providerMessageId: null };
    });
    await store(shared.database, first, { status: 'retrying', attempts: 1, due: '-2 s' });
    await until('the first is being sent', () => sender.provider.asked.length === 1);
    await store(shared.database, second, { status: 'retrying', attempts: 1, due: '-1 s' });
    const closed = sender.close();
    finish();
    await closed;
    expect((await sender.stored(first.delivery_id)).status).toBe('sent');
    expect((await sender.stored(second.delivery_id)).status).toBe('retrying');
  });
});

describe('A replica that dies in the middle of a send', () => {
  it('leaves a delivery that another replica finds, calls uncertain and sends again, once', async () => {
    // The dying replica reaches its servers through proxies; cutting both is what the world sees of a kill -9.
    const proxies = [await cuttableProxy(servers.databaseUrl), await cuttableProxy(servers.amqpUrl)] as const;
    cleanups.push(...proxies.map((proxy) => () => proxy.close()));
    const through = new URL(shared.database.url('sms-sender'));
    through.port = new URL(proxies[0].url).port;
    const options = { uncertain: () => 'resend' as const, sendTimeoutMs: 1_000, leaseMarginSeconds: 0.5 };
    const dying = await SenderUnderTest.start(options, {
      ...shared,
      env: { DATABASE_URL: through.toString(), AMQP_URL: proxies[1].url, SHUTDOWN_TIMEOUT_MS: '0' },
    });
    const item = renderedFor(someNumber());
    dying.provider.script(item.to, async () => {
      for (const proxy of proxies) proxy.cut();
      return { kind: 'accepted', providerMessageId: 'never recorded' };
    });
    await dying.publish(item);
    await until('it was handed to the provider', () => dying.provider.asked.length === 1);

    const survivor = await start(options, shared);
    await survivor.reaches(item.delivery_id, 'sent');
    expect(await survivor.attempts(item.delivery_id)).toEqual(['uncertain', 'accepted']);
    expect(survivor.provider.askedFor(item.to)).toHaveLength(1);
    await until('both are told', () => survivor.toldOf(item.delivery_id).includes('sent'));
    for (const proxy of proxies) proxy.restore();
    await dying.close();
    expect(await survivor.attempts(item.delivery_id)).toHaveLength(2);
  });
});
