import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { EventPattern } from '@nestjs/microservices';
import { eventCancelled, recipientErased, smsRendered } from '@carillon/contracts';
import { testBroker, until, type TestBroker } from '@carillon/testing';
import { ignoring } from '../testing/ignoring.ts';
import { runTransport, type RunningTransport } from '../testing/running-service.ts';
import { Messages } from './messages.ts';

describe('what is to be heard first', () => {
  let broker: TestBroker;
  let sender: Messages;
  let service: RunningTransport | undefined;
  const heard: string[] = [];

  @Controller()
  class SmsController {
    @EventPattern<string>(smsRendered.type)
    onSms(): void {
      heard.push('sms');
    }

    @EventPattern<string>(eventCancelled.type)
    async onCancelled(): Promise<void> {
      await sleep(150);
      heard.push('cancelled');
    }

    @EventPattern<string>(recipientErased.type)
    async onErased(): Promise<void> {
      await sleep(50);
      heard.push('erased');
    }
  }

  beforeAll(async () => {
    broker = await testBroker();
    sender = new Messages({ url: broker.url, prefix: broker.prefix, service: 'test' });
    await sender.open();
  });
  afterEach(async () => {
    await service?.stop();
    heard.length = 0;
  });
  afterAll(async () => {
    await sender?.close();
    await broker?.close();
  });

  const start = () =>
    runTransport(
      { url: broker.url, prefix: broker.prefix, service: 'sms-sender' },
      SmsController,
      ignoring('sms-sender', smsRendered.type, eventCancelled.type, recipientErased.type),
    );

  it('is done with before a service that was away consumes anything else, however long that has been waiting', async () => {
    for (let n = 0; n < 20; n++) await sender.publish(smsRendered, smsRendered.example, { id: `sms ${n}` });
    for (let n = 0; n < 3; n++) {
      await sender.publish(eventCancelled, eventCancelled.example, { id: `cancelled ${n}` });
      await sender.publish(recipientErased, recipientErased.example, { id: `erased ${n}` });
    }
    service = await start();
    await until('everything is heard', () => heard.length === 26);
    expect(heard.slice(0, 6).sort()).toEqual(['cancelled', 'cancelled', 'cancelled', 'erased', 'erased', 'erased']);
    expect(heard.slice(6).every((what) => what === 'sms')).toBe(true);
  });
});
