import { afterEach, describe, expect, it } from '@jest/globals';
import { deliveryOutcomes, freshId, getDelivery, smsRendered, type SmsRendered } from '@carillon/contracts';
import { readConfig } from '@carillon/service';
import { startTestService, until, VendorDouble, type Answer, type TestService } from '@carillon/testing';
import { config } from './config.ts';
import { providersOf } from './provider.ts';
import { service } from './service.ts';

const rendered = (changes: Partial<SmsRendered> = {}): SmsRendered => ({
  ...smsRendered.example,
  delivery_id: freshId(),
  notification_id: freshId(),
  ...changes,
});

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(
  env: (url: string) => Record<string, string>,
): Promise<{ vendor: VendorDouble; running: TestService }> {
  const vendor = await VendorDouble.start();
  cleanups.push(() => vendor.close());
  const running = await startTestService(service, env(vendor.url));
  cleanups.push(() => running.close());
  return { vendor, running };
}

/** Publishes an item and waits for what is told. */
async function outcomeOf(running: TestService, item: SmsRendered, outcome: keyof typeof deliveryOutcomes) {
  const told = await running.broker.capture(deliveryOutcomes[outcome]);
  await running.messages.publish(smsRendered, item, { id: item.delivery_id, tenant: 'school' });
  return until(`it is ${outcome}`, () => told.find(({ data }) => data.delivery_id === item.delivery_id));
}

const taken: Answer = {
  status: 201,
  body: {
    SMSMessageData: { Message: 'Sent', Recipients: [{ statusCode: 101, status: 'Success', messageId: 'ATXid_1' }] },
  },
};

describe('The SMS sender', () => {
  it('brings a rendered SMS to Africa’s Talking and logs it; a lost answer is uncertain and not sent again', async () => {
    const { vendor, running } = await start((url) => ({
      SMS_PROVIDER: 'africastalking',
      AFRICASTALKING_USERNAME: 'sandbox',
      AFRICASTALKING_API_KEY: 'key',
      AFRICASTALKING_URL: url,
    }));
    vendor.answer = taken;
    const item = rendered();
    const { data } = await outcomeOf(running, item, 'sent');
    expect(data).toMatchObject({ provider: 'africastalking', provider_message_id: 'ATXid_1', channel: 'sms' });
    expect(new URLSearchParams(vendor.received[0]!.body).get('message')).toBe(item.text);
    expect(
      await running.messages.call(getDelivery, { tenant: 'school', channel: 'sms', id: item.delivery_id }),
    ).toMatchObject({ status: 'sent', content: { text: item.text }, destination: item.to });

    vendor.answer = { fault: 'reset' };
    const lost = rendered();
    await outcomeOf(running, lost, 'uncertain');
    expect(vendor.received.filter(({ body }) => body.includes('Invoice'))).toHaveLength(2);
  });

  it('brings a rendered SMS to Twilio; a text that is too long never gets there', async () => {
    const { vendor, running } = await start((url) => ({
      SMS_PROVIDER: 'twilio',
      TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
      TWILIO_AUTH_TOKEN: 'token',
      TWILIO_FROM: '+15005550006',
      TWILIO_URL: url,
    }));
    vendor.answer = { status: 201, body: { sid: 'SM1' } };
    expect((await outcomeOf(running, rendered(), 'sent')).data).toMatchObject({
      provider: 'twilio',
      provider_message_id: 'SM1',
    });
    const tooLong = await outcomeOf(running, rendered({ text: 'a'.repeat(2000) }), 'failed');
    expect(tooLong.data.error).toBe('the text takes 14 SMS, at most 10 are sent: shorten the template');
    expect(vendor.received).toHaveLength(1);
  });

  it('brings a rendered SMS to any HTTP API', async () => {
    const { vendor, running } = await start((url) => ({ SMS_PROVIDER: 'custom', CUSTOM_SMS_URL: `${url}/sms` }));
    vendor.answer = { status: 201, body: { id: 'x-1' } };
    const item = rendered();
    expect((await outcomeOf(running, item, 'sent')).data).toMatchObject({
      provider: 'custom',
      provider_message_id: 'x-1',
    });
    expect(JSON.parse(vendor.received[0]!.body)).toEqual({ to: item.to, text: item.text, reference: item.delivery_id });
  });
});

describe('The environment of the SMS sender', () => {
  const common = {
    DATABASE_URL: 'postgres://x@127.0.0.1/x',
    AMQP_URL: 'amqp://127.0.0.1',
    CARILLON_SECRET: 'x'.repeat(32),
  };
  it.each<[Record<string, string>, RegExp]>([
    [{}, /SMS_PROVIDER/],
    [{ SMS_PROVIDER: 'pigeon' }, /SMS_PROVIDER must be africastalking, twilio or custom/],
    [{ SMS_PROVIDER: 'africastalking', AFRICASTALKING_USERNAME: 'x' }, /needs AFRICASTALKING_API_KEY: not set/],
    [{ SMS_PROVIDER: 'twilio' }, /needs TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_FROM: not set/],
    [{ SMS_PROVIDER: 'twilio', TWILIO_ACCOUNT_SID: 'SK1' }, /TWILIO_ACCOUNT_SID must begin with AC/],
    [{ SMS_PROVIDER: 'custom' }, /needs CUSTOM_SMS_URL: not set/],
    [{ SMS_PROVIDER: 'custom', CUSTOM_SMS_URL: 'ftp://x' }, /CUSTOM_SMS_URL must be a URL/],
    [{ SMS_PROVIDER: 'custom', CUSTOM_SMS_HEADERS: '{"a":1}' }, /CUSTOM_SMS_HEADERS must be JSON such as/],
    [{ SMS_PROVIDER: 'custom', CUSTOM_SMS_BODY: '{' }, /CUSTOM_SMS_BODY must be JSON such as/],
  ])('%j is refused by name', (env, message) => {
    expect(() => providersOf(readConfig(config, { ...common, ...env }))).toThrow(message);
  });
});
