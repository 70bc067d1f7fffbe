import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, type Type } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { inboxChanged, inboxKey, type CloudEvent, type InboxChanged } from '@carillon/contracts';
import { cuttableProxy, testBroker, until, type TestBroker } from '@carillon/testing';
import type { Channel } from 'amqplib';
import { ignoring } from '../testing/ignoring.ts';
import { runTransport, type RunningTransport } from '../testing/running-service.ts';
import { Unroutable } from './errors.ts';
import { Messages } from './messages.ts';

const rest = ignoring('gateway', inboxChanged.type);
const keyOf = (recipient: string) => inboxKey('school', recipient);

function listener(hear: (event: CloudEvent<InboxChanged>) => unknown): Type {
  @Controller()
  class Gateway {
    @EventPattern<string>(inboxChanged.type)
    hears(@Payload() event: CloudEvent<InboxChanged>): unknown {
      return hear(event);
    }
  }
  return Gateway;
}

describe('the signals of recipients', () => {
  let broker: TestBroker;
  let sender: Messages;
  const cleanups: (() => Promise<unknown>)[] = [];

  beforeEach(async () => {
    broker = await testBroker();
    sender = new Messages({ url: broker.url, prefix: broker.prefix, service: 'test' });
    await sender.open();
  });

  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    await sender.close();
    await broker.close();
  });

  interface Replica extends RunningTransport {
    heard: string[];
  }

  async function start(more: { url?: string; connected?: () => unknown; fails?: boolean } = {}): Promise<Replica> {
    const heard: string[] = [];
    const { fails, ...options } = more;
    const hear = ({ data }: CloudEvent<InboxChanged>) => {
      heard.push(data.recipient);
      if (fails) throw new Error('broken');
    };
    const running = await runTransport(
      { url: broker.url, prefix: broker.prefix, service: 'gateway', ...options },
      listener(hear),
      rest,
    );
    cleanups.push(running.stop);
    return { ...running, heard };
  }

  const signal = (recipient: string) => ({
    specversion: '1.0' as const,
    id: recipient,
    source: '/test',
    type: inboxChanged.type,
    tenant: 'school',
    data: { ...inboxChanged.example, recipient },
  });
  const send = (recipient: string) => sender.publishEvent('realtime', keyOf(recipient), signal(recipient));
  /** The same, but somebody has to hear it. */
  const sendToSomebody = (recipient: string) =>
    sender.publisher.publish(
      { exchange: broker.names.exchange('realtime'), routingKey: keyOf(recipient), mandatory: true, batch: 1 },
      signal(recipient),
    );

  it('are heard by the replicas that have bound them, and by no other', async () => {
    const [one, two] = [await start(), await start()];
    await Promise.all([
      one.messages.recipientKeys.bind(keyOf('amina')),
      one.messages.recipientKeys.bind(keyOf('brian')),
      two.messages.recipientKeys.bind(keyOf('brian')),
    ]);
    for (const recipient of ['amina', 'brian', 'chidi']) await send(recipient);
    await send('brian');
    await until('both heard', () => one.heard.length === 3 && two.heard.length === 2);
    expect([one.heard, two.heard]).toEqual([
      ['amina', 'brian', 'brian'],
      ['brian', 'brian'],
    ]);
  });

  it('are heard from the moment on that the binding is confirmed, and no longer when it is given up', async () => {
    const { messages, heard } = await start();
    const recipients = Array.from({ length: 300 }, (_, n) => `recipient-${n}`);
    await Promise.all(
      recipients.map(async (recipient) => {
        await messages.recipientKeys.bind(keyOf(recipient));
        await sendToSomebody(recipient);
      }),
    );
    await until('all are heard', () => heard.length === 300);
    for (const recipient of recipients.slice(1)) messages.recipientKeys.unbind(keyOf(recipient));
    await messages.recipientKeys.bind(keyOf('last'));
    for (const recipient of recipients.slice(-3)) await expect(sendToSomebody(recipient)).rejects.toThrow(Unroutable);
    await sendToSomebody(recipients[0]!);
  });

  it('stay bound for who gives them up and wants them again', async () => {
    const { messages, heard } = await start();
    await messages.recipientKeys.bind(keyOf('amina'));
    for (let times = 0; times < 5; times += 1) {
      messages.recipientKeys.unbind(keyOf('amina'));
      if (times % 2) await new Promise((resolve) => setImmediate(resolve));
      await messages.recipientKeys.bind(keyOf('amina'));
      await sendToSomebody('amina');
    }
    await until('all are heard', () => heard.length === 5);
  });

  it('are bound again after a reconnect, those included that were wanted meanwhile, before the replica is told', async () => {
    const proxy = await cuttableProxy(broker.url);
    cleanups.push(() => proxy.close());
    let connects = 0;
    const { server, messages, heard } = await start({
      url: proxy.url,
      connected: async () => {
        connects += 1;
        if (connects === 2) await sendToSomebody('amina');
      },
    });
    const keys = messages.recipientKeys;
    await Promise.all([keys.bind(keyOf('amina')), keys.bind(keyOf('brian'))]);
    proxy.cut();
    await until('the cut is noticed', () => server.trouble());
    keys.unbind(keyOf('brian'));
    const bound = keys.bind(keyOf('chidi'));
    proxy.restore();
    await bound;
    await sendToSomebody('chidi');
    await until('both are heard', () => heard.length === 2);
    expect(heard.toSorted()).toEqual(['amina', 'chidi']);
    await expect(sendToSomebody('brian')).rejects.toThrow(Unroutable);
    expect(connects).toBe(2);
  });

  it('are bound again when the channel alone was lost', async () => {
    let connects = 0;
    const { server, messages, heard } = await start({ connected: () => (connects += 1) });
    await messages.recipientKeys.bind(keyOf('amina'));
    const [{ channel }] = (server as unknown as { listeners: [{ channel: Channel }] }).listeners;
    channel.ack({ fields: { deliveryTag: 999 } } as never);
    await messages.recipientKeys.bind(keyOf('brian'));
    await until('it is told', () => connects === 2);
    await Promise.all([sendToSomebody('amina'), sendToSomebody('brian')]);
    await until('both are heard', () => heard.length === 2);
  });

  it('are handed over once, even to a handler that fails, and what is no signal is dropped', async () => {
    const { messages, heard } = await start({ fails: true });
    await messages.recipientKeys.bind(keyOf('amina'));
    broker.publish('realtime', keyOf('amina'), 'this is not JSON');
    broker.publish('realtime', keyOf('amina'), { ...signal('x'), type: 'something.else' });
    await send('amina');
    await send('amina');
    await until('both are heard', () => heard.length === 2);
    expect(heard).toEqual(['amina', 'amina']);
  });
});
