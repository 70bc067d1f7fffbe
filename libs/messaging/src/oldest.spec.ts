import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { EventPattern } from '@nestjs/microservices';
import { smsRendered } from '@carillon/contracts';
import { testBroker, until, type TestBroker } from '@carillon/testing';
import { ignoring } from '../testing/ignoring.ts';
import { runTransport, type RunningTransport } from '../testing/running-service.ts';
import { defaults } from './defaults.ts';
import { Messages } from './messages.ts';

describe('the oldest message of a queue', () => {
  let broker: TestBroker;
  let sender: Messages;
  let service: RunningTransport | undefined;
  /** Ends the work on the items in hand, in the order in which they came. */
  let ends: (() => void)[] = [];

  @Controller()
  class SmsController {
    @EventPattern<string>(smsRendered.type)
    onSms(): Promise<void> {
      return new Promise((resolve) => ends.push(resolve));
    }
  }

  const queue = () => broker.names.queues('sms-sender', smsRendered)[1]!.queue;
  const start = async () => {
    service = await runTransport(
      { url: broker.url, prefix: broker.prefix, service: 'sms-sender', prefetch: 2 },
      SmsController,
      ignoring('sms-sender', smsRendered.type),
    );
  };
  /** @param timestamp seconds since 1970, as AMQP has it */
  const send = (id: string, timestamp?: number) => {
    const item = { specversion: '1.0', id, source: '/test', type: smsRendered.type, data: smsRendered.example };
    broker.publish('pipeline', 'rendered.sms.normal', item, { contentType: 'application/cloudevents+json', timestamp });
  };
  const inHand = (count: number) => until(`${count} are in hand`, () => ends.length === count);
  const end = () => ends.shift()!();
  const oldest = (now?: number) => service!.server.oldest(now);

  beforeAll(async () => {
    broker = await testBroker();
    sender = new Messages({ url: broker.url, prefix: broker.prefix, service: 'test' });
    await sender.open();
  });
  afterEach(async () => {
    for (const end of ends) end();
    await service?.stop();
    ends = [];
  });
  afterAll(async () => {
    await sender?.close();
    await broker?.close();
  });

  it('is the one in hand that was published first, until it is done', async () => {
    send('old', 1_000_000_060);
    send('older', 1_000_000_000);
    await start();
    await inHand(2);
    expect(oldest()).toEqual({ [queue()]: new Date(1_000_000_000_000).toISOString() });
    ends.pop()!();
    await until('it is done', () => oldest()[queue()] === new Date(1_000_000_060_000).toISOString());
    end();
    await until('nothing is left', () => Object.keys(oldest()).length === 0);
  });

  it('comes to a hand as soon as another one is done, however many wait behind', async () => {
    for (let n = 1; n <= 4; n++) send(`${n}`, 1_000_000_000 + n);
    await start();
    for (let n = 1; n <= 4; n++) {
      await until(
        `${n} is the oldest`,
        () => oldest()[queue()] === new Date(1_000_000_000_000 + n * 1_000).toISOString(),
      );
      end();
    }
    await until('nothing is left', () => Object.keys(oldest()).length === 0);
  });

  it('is stamped by whoever publishes through Carillon, and told of only when it has waited for long', async () => {
    const before = Math.floor(Date.now() / 1000) * 1000;
    await sender.publish(smsRendered, { ...smsRendered.example, lane: 'normal' }, { id: 'stamped' });
    await start();
    await inHand(1);
    const after = Date.now();
    expect(oldest(before)).toEqual({});
    const at = Date.parse(oldest(after + defaults.waitsLongMs)[queue()]!);
    expect(at % 1000).toBe(0);
    expect(at).toBeGreaterThanOrEqual(before);
    expect(at).toBeLessThanOrEqual(after);
  });

  it.each([
    ['does not say when it was published', undefined],
    ['says it in milliseconds', Date.now()],
  ])('has waited since it came where it %s', async (_, timestamp) => {
    const before = Date.now();
    send('strange', timestamp);
    await start();
    await inHand(1);
    const after = Date.now();
    const at = Date.parse(oldest(after + defaults.waitsLongMs)[queue()]!);
    expect(at).toBeGreaterThanOrEqual(before);
    expect(at).toBeLessThanOrEqual(after);
  });
});
