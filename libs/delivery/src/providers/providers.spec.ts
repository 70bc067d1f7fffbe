import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  deleteProvider,
  freshId,
  listProviders,
  putProvider,
  smsRendered,
  type ProviderInput,
} from '@carillon/contracts';
import { secretBox } from '@carillon/service';
import { testBroker, testDatabase, until, type TestBroker, type TestDatabase } from '@carillon/testing';
import { z } from 'zod';
import { deliveryMigrations, providerKind } from '../index.ts';
import { ScriptedProvider, type SmsText } from '../../testing/scripted-provider.ts';
import { renderedFor, SenderUnderTest, someNumber } from '../../testing/sender-under-test.ts';

const installationSecret = 'a secret for tests only, 32 characters or more';
const box = secretBox({ CARILLON_SECRET: installationSecret });

let shared: { database: TestDatabase; broker: TestBroker };
beforeAll(async () => {
  shared = { database: await testDatabase({ 'sms-sender': deliveryMigrations }), broker: await testBroker() };
});
afterAll(async () => {
  await shared?.broker.close();
  await shared?.database.drop();
});
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** What was made of what tenants configured: by name, with the secret that it was given. */
interface Made {
  readonly providers: Map<string, ScriptedProvider>;
  readonly secrets: string[];
}

async function start(env: Record<string, string> = {}): Promise<{ sender: SenderUnderTest; made: Made }> {
  const made: Made = { providers: new Map(), secrets: [] };
  const scripted = providerKind<SmsText, { mood?: string }, { key: string }>({
    settings: z.strictObject({ mood: z.string().optional() }),
    secrets: z.strictObject({ key: z.string({ error: 'is needed' }) }),
    create: ({ name, secrets }) => {
      const provider = made.providers.get(name) ?? new ScriptedProvider(name);
      made.providers.set(name, provider);
      made.secrets.push(secrets.key);
      return provider;
    },
  });
  const sender = await SenderUnderTest.start(
    { kinds: { scripted }, concurrency: 2, sendTimeoutMs: 60_000 },
    { ...shared, env },
  );
  cleanups.push(() => sender.close());
  return { sender, made };
}

const inputOf = (tenant: string, name: string, changes: Partial<ProviderInput> = {}): ProviderInput => ({
  ...{ kind: 'scripted', settings: {}, order: 1, weight: 1, enabled: true, sender_ids: {} },
  ...{ rate_per_second: null, concurrency: null, ...changes },
  secrets: Object.fromEntries(
    Object.entries(changes.secrets ?? { key: 'hunter2' }).map(([field, secret]) => [
      field,
      secret === null ? null : box.seal(secret, [tenant, name, field]),
    ]),
  ),
});
const put = (sender: SenderUnderTest, tenant: string, name: string, changes?: Partial<ProviderInput>) =>
  sender.service.messages.call(putProvider, {
    ...{ tenant, channel: 'sms', name, provider: inputOf(tenant, name, changes), check: false, updated_by: 'test' },
  });
const publish = async (sender: SenderUnderTest, tenant: string) => {
  const item = renderedFor(someNumber());
  await sender.service.messages.publish(smsRendered, item, { id: freshId(), tenant });
  return item;
};
const statusOf = (sender: SenderUnderTest, id: string) => sender.stored(id).catch(() => undefined);

describe('The providers of tenants', () => {
  it('send for their tenant and nobody else, on every replica at once, and give their connections back when replaced', async () => {
    const [{ sender, made }, other] = [await start(), await start()];
    await put(sender, 'college', 'own');
    await until('every replica uses it', async () => {
      const item = await publish(sender, 'college');
      await sender.reaches(item.delivery_id, 'sent');
      return [made, other.made].every(({ providers }) => providers.get('own')?.asked.length);
    });
    const item = await publish(sender, 'academy');
    expect(await sender.reaches(item.delivery_id, 'sent')).toMatchObject({ provider: 'scripted' });
    const own = made.providers.get('own')!;
    await sender.service.messages.call(deleteProvider, { tenant: 'college', channel: 'sms', name: 'own' });
    await until('its connections are given back', async () => {
      await publish(sender, 'college');
      return own.closed;
    });
  });

  it('do not hold up the messages of others when one is stuck', async () => {
    const { sender, made } = await start();
    await put(sender, 'stuck', 'slow');
    let underWay = 0;
    let free = false;
    const stuck = Array.from({ length: 60 }, () => renderedFor(someNumber()));
    const slow = new ScriptedProvider('slow');
    made.providers.set('slow', slow);
    for (const { to } of stuck) {
      slow.script(to, async () => {
        underWay += 1;
        await until('it is freed', () => free, { timeoutMs: 60_000 });
        return { kind: 'accepted', providerMessageId: null };
      });
    }
    await put(sender, 'stuck', 'slow', { settings: { mood: 'slow' } });
    for (const item of stuck)
      await sender.service.messages.publish(smsRendered, item, { id: freshId(), tenant: 'stuck' });
    await until('two are under way', () => underWay === 2);
    // One after the other: each has to get past those that are stuck.
    for (let count = 0; count < 5; count += 1) {
      const item = await publish(sender, 'academy');
      await until('it is sent', async () => (await statusOf(sender, item.delivery_id))?.status === 'sent');
    }
    expect(underWay).toBe(2);
    await until('the others of the stuck one are in the table', async () => {
      const rows = await Promise.all(stuck.map(({ delivery_id }) => statusOf(sender, delivery_id)));
      return rows.filter((row) => row?.status === 'queued').length >= 50;
    });
    free = true;
  }, 60_000);

  it('are named with what is wrong when their secrets cannot be opened, and the next one is asked', async () => {
    const { sender } = await start();
    await put(sender, 'broken', 'first');
    await put(sender, 'broken', 'second', { order: 2 });
    await sender.service.database.query(
      `UPDATE sms_sender.providers SET secrets = '{"key":"s1.gone.AAAA"}', updated_at = now() WHERE tenant = 'broken' AND name = 'first'`,
    );
    await put(sender, 'broken', 'second', { order: 3 });
    const item = await publish(sender, 'broken');
    expect(await sender.reaches(item.delivery_id, 'sent')).toMatchObject({ provider: 'second' });
    const { data } = await sender.service.messages.call(listProviders, { tenant: 'broken', channel: 'sms' });
    expect(data[0]).toMatchObject({
      name: 'first',
      problem: 'its secret key cannot be opened: it was sealed with the key gone, which SECRETS_KEY lacks',
    });
  });

  it('are sealed with a new key once the sender has started with it', async () => {
    const { sender: before } = await start();
    await put(before, 'rotating', 'own', { secrets: { key: 'the same as before' } });
    const { sender, made } = await start({ SECRETS_KEY: `2027:${'cd'.repeat(32)}` });
    await until('it is sealed with the new key', async () => {
      const [row] = await shared.database.query<{ secrets: { key: string } }>(
        `SELECT secrets FROM sms_sender.providers WHERE tenant = 'rotating'`,
      );
      return row!.secrets.key.startsWith('s1.2027.');
    });
    await until('it can still be opened', async () => {
      await sender.service.messages.call(listProviders, { tenant: 'rotating', channel: 'sms' });
      return made.secrets.includes('the same as before');
    });
  });
});
