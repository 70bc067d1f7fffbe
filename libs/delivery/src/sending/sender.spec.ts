import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { deadLetter, smsRendered, type CloudEvent, type DeadLetter } from '@carillon/contracts';
import { until } from '@carillon/testing';
import { renderedFor, SenderUnderTest, someNumber } from '../../testing/sender-under-test.ts';

describe('Sending', () => {
  let sender: SenderUnderTest;
  let parked: CloudEvent<DeadLetter>[];

  beforeAll(async () => {
    sender = await SenderUnderTest.start({
      // Marketing may wait.
      retry: (category) => ({ delaysSeconds: category === 'marketing' ? [600] : [0.05, 0.05, 0.05], jitter: 0 }),
    });
    parked = await sender.service.broker.capture(deadLetter);
  });
  afterAll(() => sender?.close());

  it('makes a delivery sent, records the attempt and tells it', async () => {
    const item = renderedFor(someNumber(), { text: 'Habari' });
    await sender.publish(item);
    const row = await sender.reaches(item.delivery_id, 'sent');
    expect(sender.provider.askedFor(item.to)).toEqual([
      {
        tenant: 'school',
        deliveryId: item.delivery_id,
        to: { address: item.to, name: null },
        content: { text: 'Habari' },
      },
    ]);
    expect(row).toMatchObject({ attempts: 1, error: null, failure: null, lease_until: null, next_attempt_at: null });
    expect(row.sent_at).not.toBeNull();
    expect(await sender.attempts(item.delivery_id)).toEqual(['accepted']);
    await sender.tells(item.delivery_id, 'sent');
    const [event] = sender.eventsOf(item.delivery_id);
    expect(event).toMatchObject({
      tenant: 'school',
      subject: item.recipient,
      data: {
        channel: 'sms',
        provider: 'scripted',
        provider_message_id: row.provider_message_id,
        attempts: 1,
        error: null,
      },
    });
    expect(JSON.stringify(event)).not.toContain(item.to);
  });

  it('makes a delivery failed at once when the provider refuses it for good', async () => {
    const item = renderedFor(someNumber());
    sender.provider.script(item.to, { kind: 'permanent', error: 'no such number' });
    await sender.publish(item);
    expect(await sender.reaches(item.delivery_id, 'failed')).toMatchObject({
      failure: 'permanent',
      error: 'no such number',
    });
    await sender.tells(item.delivery_id, 'failed');
    expect(await sender.attempts(item.delivery_id)).toEqual(['permanent']);
  });

  it('tries again after a failure for now, and tells both', async () => {
    const item = renderedFor(someNumber());
    sender.provider.script(item.to, { kind: 'retryable', error: 'away' }, { kind: 'accepted', providerMessageId: 'm' });
    await sender.publish(item);
    expect(await sender.reaches(item.delivery_id, 'sent')).toMatchObject({
      attempts: 2,
      error: null,
      provider_message_id: 'm',
    });
    expect(await sender.attempts(item.delivery_id)).toEqual(['retryable', 'accepted']);
    await sender.tells(item.delivery_id, 'retrying', 'sent');
    await until('the lease is given up', async () => (await sender.stored(item.delivery_id)).lease_until === null);
  });

  it('fails for now and for good after the last retry', async () => {
    const item = renderedFor(someNumber());
    sender.provider.script(item.to, { kind: 'retryable', error: 'away' });
    await sender.publish(item);
    expect(await sender.reaches(item.delivery_id, 'failed')).toMatchObject({ failure: 'temporary', attempts: 4 });
    await sender.tells(item.delivery_id, 'retrying', 'retrying', 'retrying', 'failed');
    expect(sender.provider.askedFor(item.to)).toHaveLength(4);
  });

  it('says that our own side is at fault when it was', async () => {
    const item = renderedFor(someNumber());
    sender.provider.script(item.to, { kind: 'permanent', error: 'sender id not registered', technical: true });
    await sender.publish(item);
    expect(await sender.reaches(item.delivery_id, 'failed')).toMatchObject({ failure: 'technical' });
  });

  it('does not send what came too late', async () => {
    const item = renderedFor(someNumber(), { expires_at: '2020-01-01T00:00:00Z' });
    await sender.publish(item);
    expect(await sender.reaches(item.delivery_id, 'expired')).toMatchObject({ attempts: 0 });
    await sender.tells(item.delivery_id, 'expired');
    expect(sender.provider.askedFor(item.to)).toEqual([]);
    expect(await sender.attempts(item.delivery_id)).toEqual([]);
  });

  it('gives up at the deadline rather than try again after it', async () => {
    const expires_at = new Date(Date.now() + 60_000).toISOString();
    const item = renderedFor(someNumber(), { category: 'marketing', expires_at });
    sender.provider.script(item.to, { kind: 'retryable', error: 'away' });
    await sender.publish(item);
    expect(await sender.reaches(item.delivery_id, 'expired')).toMatchObject({ error: 'away', attempts: 1 });
    await sender.tells(item.delivery_id, 'expired');
  });

  it('sends nothing twice when an item comes again, and tells its outcome again under the same id', async () => {
    const item = renderedFor(someNumber());
    await sender.publish(item);
    await sender.tells(item.delivery_id, 'sent');
    await sender.publish(item, item);
    await sender.tells(item.delivery_id, 'sent', 'sent', 'sent');
    expect(sender.provider.askedFor(item.to)).toHaveLength(1);
    expect(new Set(sender.eventsOf(item.delivery_id).map(({ id }) => id)).size).toBe(1);
  });

  it('sends a delivery once that stands twice in the same batch', async () => {
    const item = renderedFor(someNumber());
    await sender.publish(item, item, item);
    await sender.reaches(item.delivery_id, 'sent');
    await until('all three are done', () => sender.toldOf(item.delivery_id).length >= 1);
    expect(sender.provider.askedFor(item.to)).toHaveLength(1);
  });

  it('leaves a delivery alone when nobody knows what became of it and the policy is to stop', async () => {
    const item = renderedFor(someNumber(), { category: 'security' });
    sender.provider.script(item.to, { kind: 'uncertain', error: 'connection reset' });
    await sender.publish(item);
    await sender.tells(item.delivery_id, 'uncertain');
    expect(await sender.stored(item.delivery_id)).toMatchObject({ status: 'uncertain', error: 'connection reset' });
    await until('the lease is given up', async () => (await sender.stored(item.delivery_id)).lease_until === null);
    expect(sender.provider.askedFor(item.to)).toHaveLength(1);
  });

  it('does not know what became of a call that took too long', async () => {
    const item = renderedFor(someNumber());
    sender.provider.script(item.to, () => new Promise(() => undefined));
    await sender.publish(item);
    expect(await sender.reaches(item.delivery_id, 'uncertain')).toMatchObject({ error: 'no answer within 2000 ms' });
  });

  it('does not know what became of a call whose adapter broke, and does not repeat what the adapter said', async () => {
    const item = renderedFor(someNumber());
    sender.provider.script(item.to, () => Promise.reject(new TypeError(`cannot read ${item.to}`)));
    await sender.publish(item);
    expect(await sender.reaches(item.delivery_id, 'uncertain')).toMatchObject({
      error: 'the adapter of scripted failed (TypeError)',
    });
  });

  it('sends hundreds at once, each once, never more at a time than the provider has slots', async () => {
    const items = Array.from({ length: 300 }, () => renderedFor(someNumber()));
    await sender.publish(...items);
    await until('all are told', () => items.every(({ delivery_id }) => sender.toldOf(delivery_id).join() === 'sent'));
    expect(items.every(({ to }) => sender.provider.askedFor(to).length === 1)).toBe(true);
    expect(sender.provider.busiest).toBeLessThanOrEqual(8);
  });

  it('parks one item that cannot be stored alone; the others of its batch are sent', async () => {
    const bad = renderedFor(someNumber(), { text: 'a\u0000b' });
    const good = [renderedFor(someNumber()), renderedFor(someNumber())];
    await sender.publish(good[0]!, bad, good[1]!);
    for (const { delivery_id } of good) await sender.tells(delivery_id, 'sent');
    await until('the bad one is parked', () =>
      parked.some(({ data }) => JSON.stringify(data).includes(bad.delivery_id)),
    );
    expect(sender.provider.askedFor(bad.to)).toEqual([]);
  });

  it('goes on with the trace of the event, also in a later attempt', async () => {
    const item = renderedFor(someNumber());
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    sender.provider.script(
      item.to,
      { kind: 'retryable', error: 'away' },
      { kind: 'accepted', providerMessageId: null },
    );
    await sender.service.messages.publishEvent('pipeline', 'rendered.sms.normal', {
      specversion: '1.0',
      id: 'traced',
      source: '/test',
      type: smsRendered.type,
      tenant: 'school',
      traceparent,
      data: item,
    });
    await sender.tells(item.delivery_id, 'retrying', 'sent');
    expect(sender.eventsOf(item.delivery_id).map((event) => event.traceparent)).toEqual([traceparent, traceparent]);
  });
});

describe('A provider that asks for a pause', () => {
  it('is not asked before it is over, for nobody, and what waits for it uses up no retry', async () => {
    const sender = await SenderUnderTest.start();
    try {
      const [item, other] = [renderedFor(someNumber()), renderedFor(someNumber())];
      sender.provider.script(item.to, { kind: 'throttled', error: 'too many', retryAfterSeconds: 600 });
      await sender.publish(item);
      const { next_attempt_at, updated_at } = await sender.reaches(item.delivery_id, 'retrying');
      expect(next_attempt_at!.getTime() - updated_at.getTime()).toBeGreaterThanOrEqual(600_000);
      await sender.publish(other);
      expect(await sender.reaches(other.delivery_id, 'queued')).toMatchObject({
        attempts: 0,
        error: 'scripted is not asked for now: the provider asks for a pause',
      });
      expect(sender.provider.askedFor(other.to)).toEqual([]);
    } finally {
      await sender.close();
    }
  });
});

describe('Sending while the database goes away during the call', () => {
  it('records the outcome when it is back and sends nothing twice', async () => {
    const sender = await SenderUnderTest.start();
    const { query, name } = sender.service.database;
    try {
      const item = renderedFor(someNumber());
      sender.provider.script(item.to, async () => {
        await query(`ALTER DATABASE ${name} CONNECTION LIMIT 0`);
        await query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'carillon sms-sender' AND datname = '${name}'`,
        );
        setTimeout(() => void query(`ALTER DATABASE ${name} CONNECTION LIMIT -1`), 300);
        return { kind: 'accepted', providerMessageId: 'm' };
      });
      await sender.publish(item);
      await sender.reaches(item.delivery_id, 'sent');
      await sender.tells(item.delivery_id, 'sent');
      expect(sender.provider.askedFor(item.to)).toHaveLength(1);
    } finally {
      await sender.close();
    }
  });
});
