import { afterEach, describe, expect, it } from '@jest/globals';
import { putCaps, type SmsRendered } from '@carillon/contracts';
import { until } from '@carillon/testing';
import type { DeliveryOptions } from '../index.ts';
import { ScriptedProvider, type SmsText } from '../../testing/scripted-provider.ts';
import { renderedFor, SenderUnderTest, someNumber } from '../../testing/sender-under-test.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A sender with several providers, in order. */
async function start(providers: ScriptedProvider[], changes: Partial<DeliveryOptions<SmsText>> = {}) {
  const sender = await SenderUnderTest.start({
    providers: providers.map((provider) => ({ kind: 'scripted', provider })),
    ...changes,
  });
  cleanups.push(() => sender.close());
  return sender;
}

const providersOf = async (sender: SenderUnderTest, { delivery_id }: SmsRendered) =>
  (
    await sender.service.database.query<{ provider: string; outcome: string }>(
      'SELECT provider, outcome FROM sms_sender.attempts WHERE delivery_id = $1 ORDER BY number',
      [delivery_id],
    )
  ).map(({ provider, outcome }) => `${provider} ${outcome}`);

describe('Several providers', () => {
  it('are asked one after the other at once while they are at fault, and no retry is used up', async () => {
    const [one, two, three] = ['one', 'two', 'three'].map((name) => new ScriptedProvider(name)) as [
      ScriptedProvider,
      ScriptedProvider,
      ScriptedProvider,
    ];
    const sender = await start([one, two, three], { retry: () => ({ delaysSeconds: [600], jitter: 0 }) });
    const item = renderedFor(someNumber());
    one.script(item.to, { kind: 'retryable', error: 'away' });
    two.script(item.to, { kind: 'permanent', error: 'sender id', technical: true });
    await sender.publish(item);
    expect(await sender.reaches(item.delivery_id, 'sent')).toMatchObject({
      provider: 'three',
      attempts: 3,
      error: null,
    });
    expect(await providersOf(sender, item)).toEqual(['one retryable', 'two permanent', 'three accepted']);
    await sender.tells(item.delivery_id, 'sent');

    const failing = renderedFor(someNumber());
    for (const provider of [one, two, three]) provider.script(failing.to, { kind: 'retryable', error: 'away' });
    await sender.publish(failing);
    const { next_attempt_at, updated_at } = await sender.reaches(failing.delivery_id, 'retrying');
    // The first of the policy's delays, although three attempts were made.
    expect(Math.round((next_attempt_at!.getTime() - updated_at.getTime()) / 1000)).toBe(600);
  });

  it('are not asked when the message may have been taken, or when its recipient is at fault', async () => {
    const [one, two] = [new ScriptedProvider('one'), new ScriptedProvider('two')];
    const sender = await start([one, two]);
    const [lost, refused, full] = [someNumber(), someNumber(), someNumber()].map((to) => renderedFor(to)) as [
      SmsRendered,
      SmsRendered,
      SmsRendered,
    ];
    one.script(lost.to, { kind: 'uncertain', error: 'reset' });
    one.script(refused.to, { kind: 'permanent', error: 'no such number' });
    one.script(
      full.to,
      { kind: 'retryable', error: 'full', recipient: true },
      { kind: 'accepted', providerMessageId: 'm' },
    );
    await sender.publish(lost, refused, full);
    await sender.reaches(lost.delivery_id, 'uncertain');
    await sender.reaches(refused.delivery_id, 'failed');
    await sender.reaches(full.delivery_id, 'sent');
    expect(two.asked).toEqual([]);
  });

  it('pass messages by one whose breaker is open, until a single try goes well', async () => {
    const [one, two] = [new ScriptedProvider('one'), new ScriptedProvider('two')];
    const sender = await start([one, two], { breaker: { errors: 3, pauseMs: 1_500 } });
    let healthy = false;
    const items = Array.from({ length: 12 }, () => renderedFor(someNumber()));
    for (const { to } of items)
      one.script(to, async () =>
        healthy ? { kind: 'accepted', providerMessageId: 'm' } : { kind: 'retryable', error: 'away' },
      );
    for (const item of items.slice(0, 6)) {
      await sender.publish(item);
      await sender.reaches(item.delivery_id, 'sent');
    }
    expect(one.asked).toHaveLength(3);
    expect(two.asked).toHaveLength(6);
    const seen = await until('the breaker is on the board', async () => {
      const [row] = await sender.service.database.query<{ provider: string; state: string; reason: string }>(
        'SELECT provider, state, reason FROM sms_sender.provider_breakers',
      );
      return row;
    });
    expect(seen).toEqual({ provider: 'one', state: 'open', reason: '3 errors within 60 seconds' });

    healthy = true;
    await until('it is tried again', async () => {
      const item = renderedFor(someNumber());
      await sender.publish(item);
      await sender.reaches(item.delivery_id, 'sent');
      return one.asked.length > 3;
    });
    await until('the board is empty', async () => {
      const rows = await sender.service.database.query('SELECT FROM sms_sender.provider_breakers');
      return rows.length === 0;
    });
  });
});

describe('A replica that stops while another provider is waited for', () => {
  it('records the outcome of the first one', async () => {
    const [one, two] = [new ScriptedProvider('one'), new ScriptedProvider('two')];
    const sender = await SenderUnderTest.start({
      providers: [one, two].map((provider) => ({ kind: 'scripted', provider })),
      concurrency: 1,
      sendTimeoutMs: 60_000,
      retry: () => ({ delaysSeconds: [600], jitter: 0 }),
    });
    const [busy, failing] = [renderedFor(someNumber()), renderedFor(someNumber())];
    let free = false;
    one.script(busy.to, { kind: 'retryable', error: 'away' });
    two.script(busy.to, async () => {
      await until('it is freed', () => free);
      return { kind: 'accepted', providerMessageId: null };
    });
    one.script(failing.to, { kind: 'retryable', error: 'away' });
    await sender.publish(busy);
    await until('the second is busy', () => two.asked.length === 1);
    await sender.publish(failing);
    await until('the first has failed', () => one.asked.length === 2);
    const closed = sender.service.running.close();
    await sender.reaches(failing.delivery_id, 'retrying');
    free = true;
    await closed;
    expect(await providersOf(sender, failing)).toEqual(['one retryable']);
    await sender.close();
  });
});

describe('A slow provider', () => {
  it('holds up nobody else: its messages are put aside, those after them go through', async () => {
    const slow = new ScriptedProvider('slow');
    const sender = await start([slow], { concurrency: 2, sendTimeoutMs: 60_000 });
    const { query } = sender.service.database;
    const finish: (() => void)[] = [];
    const stuck = Array.from({ length: 40 }, () => renderedFor(someNumber()));
    for (const { to } of stuck) {
      slow.script(to, async () => {
        await new Promise<void>((resolve) => finish.push(resolve));
        return { kind: 'accepted', providerMessageId: null };
      });
    }
    await sender.publish(...stuck);
    await until('two are being sent', () => finish.length === 2);
    // Neither the two nor the others keep their messages: all of them are in the table.
    await until(
      'the others are put aside',
      async () => {
        const [row] = await query<{ queued: number }>(
          `SELECT count(*)::int AS queued FROM sms_sender.deliveries WHERE status = 'queued' AND error = 'waiting for slow, which is busy'`,
        );
        return row!.queued === 38;
      },
      { timeoutMs: 25_000 },
    );
    const freeing = setInterval(() => finish.splice(0).forEach((resolve) => resolve()), 20);
    try {
      for (const { delivery_id } of stuck) {
        await until('it is sent', async () => (await sender.stored(delivery_id)).status === 'sent', {
          timeoutMs: 60_000,
        });
      }
    } finally {
      clearInterval(freeing);
    }
    expect(new Set(slow.asked.map(({ deliveryId }) => deliveryId)).size).toBe(40);
    expect(slow.asked).toHaveLength(40);
    expect(slow.busiest).toBeLessThanOrEqual(2);
  }, 120_000);
});

describe('A message of which nobody knows whether it was taken', () => {
  it.each([
    ['is sent when the provider has it', { kind: 'taken', providerMessageId: 'found' } as const, 1],
    ['is sent again when it certainly has not', { kind: 'not_taken' } as const, 2],
  ])('%s', async (_what, finding, sends) => {
    const provider = new ScriptedProvider('asked');
    provider.lookUp = async () => finding;
    const sender = await start([provider], { uncertain: () => 'look_up', lookUpAfterSeconds: 0.05 });
    const item = renderedFor(someNumber());
    provider.script(item.to, { kind: 'uncertain', error: 'reset' }, { kind: 'accepted', providerMessageId: 'again' });
    await sender.publish(item);
    const row = await sender.reaches(item.delivery_id, 'sent');
    expect(row.provider_message_id).toBe(sends === 1 ? 'found' : 'again');
    expect(provider.askedFor(item.to)).toHaveLength(sends);
    await sender.tells(item.delivery_id, 'uncertain', 'sent');
  });
});

describe('Caps', () => {
  it('keep what is over them, visibly, and let it go when there is room; a country that is closed fails', async () => {
    const sender = await start([new ScriptedProvider('one')]);
    const { messages, database } = sender.service;
    await messages.call(putCaps, {
      tenant: 'school',
      channel: 'sms',
      caps: { per_recipient_hour: 2, countries_per_day: { '254': 100, '*': 0 } },
      updated_by: 'test',
    });
    const items = Array.from({ length: 3 }, () => renderedFor(someNumber(), { recipient: 'amina' }));
    for (const item of items) {
      await sender.publish(item);
      await until('it is decided', async () => (await sender.stored(item.delivery_id)).status !== 'sending');
    }
    expect((await sender.stored(items[1]!.delivery_id)).status).toBe('sent');
    expect(await sender.stored(items[2]!.delivery_id)).toMatchObject({
      status: 'queued',
      attempts: 0,
      error: 'over the cap of 2 messages an hour to one recipient (caps: per_recipient_hour)',
    });
    const abroad = renderedFor('+882350000001');
    await sender.publish(abroad);
    expect(await sender.reaches(abroad.delivery_id, 'failed')).toMatchObject({
      failure: 'technical',
      error: 'no messages are sent to other countries (caps: countries_per_day)',
    });
    await sender.tells(abroad.delivery_id, 'failed');

    await messages.call(putCaps, { tenant: 'school', channel: 'sms', caps: {}, updated_by: 'test' });
    await database.query(`UPDATE sms_sender.deliveries SET next_attempt_at = now() WHERE status = 'queued'`);
    await sender.reaches(items[2]!.delivery_id, 'sent');
  });
});

describe('A tenant without any provider', () => {
  it('is told what to configure', async () => {
    const sender = await start([]);
    const item = renderedFor(someNumber());
    await sender.publish(item);
    const { error } = await sender.reaches(item.delivery_id, 'failed');
    expect(error).toContain('no sms provider is configured: PUT /v1/admin/providers/sms/{name}');
  });
});
