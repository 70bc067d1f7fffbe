import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Message } from '@carillon/delivery';
import { VendorDouble } from '@carillon/testing';
import type { SmsContent } from '../sms-content.ts';
import { twilioKind, TwilioProvider } from './twilio-provider.ts';

const accountSid = `AC${'0'.repeat(32)}`;
const message: Message<SmsContent> = {
  tenant: 'school',
  deliveryId: '019aa5e5-8f00-8c00-8000-000000000003',
  to: { address: '+254711000111', name: null },
  content: { text: 'Your code is 1234' },
};
const since = new Date('2026-11-21T09:30:00Z');

let vendor: VendorDouble;
beforeEach(async () => (vendor = await VendorDouble.start()));
afterEach(() => vendor.close());

const provider = (): TwilioProvider =>
  new TwilioProvider({
    ...{
      name: 'twilio-kenya',
      accountSid,
      authToken: 'secret',
      from: '+15005550006',
      baseUrl: vendor.url,
      timeoutMs: 2_000,
    },
    senderIds: { '254': 'SCHOOL', '1': 'MG1' },
  });

/** A message as Twilio lists it (https://www.twilio.com/docs/messaging/api/message-resource). */
const listed = (changes: object = {}) => ({
  sid: 'SM1',
  body: 'Your code is 1234',
  to: '+254711000111',
  direction: 'outbound-api',
  date_created: 'Sat, 21 Nov 2026 09:30:05 +0000',
  ...changes,
});
const answer = (...messages: object[]) => ({
  status: 200,
  body: { messages, page_size: 50, next_page_uri: null, first_page_uri: '/', uri: '/' },
});

describe('Twilio, asked about a message that may have been taken', () => {
  const lookUp = (...messages: object[]) => {
    vendor.answer = answer(...messages);
    return provider().lookUp(message, since);
  };

  it('has it when it lists the same text to the number since then', async () => {
    expect(await lookUp(listed())).toEqual({ kind: 'taken', providerMessageId: 'SM1' });
    const [{ method, path }] = vendor.received as [(typeof vendor.received)[0]];
    expect(method).toBe('GET');
    const { pathname, searchParams } = new URL(path, vendor.url);
    expect(pathname).toBe(`/2010-04-01/Accounts/${accountSid}/Messages.json`);
    expect(searchParams.get('To')).toBe('+254711000111');
  });

  it('has not taken it when there is none, or only older ones and answers of the person', async () => {
    expect(await lookUp()).toEqual({ kind: 'not_taken' });
    expect(
      await lookUp(listed({ date_created: 'Sat, 21 Nov 2026 09:29:00 +0000' }), listed({ direction: 'inbound' })),
    ).toEqual({ kind: 'not_taken' });
  });

  it('may have it when there is another text', async () => {
    expect(await lookUp(listed({ body: 'Your code is 12\u200934' }))).toEqual({ kind: 'unknown' });
  });
});

describe('Twilio as a tenant configures it', () => {
  it('sends under the sender id of the number’s country', async () => {
    vendor.answer = { status: 201, body: { sid: 'SM1' } };
    await provider().send(message);
    await provider().send({ ...message, to: { address: '+15005550009', name: null } });
    await provider().send({ ...message, to: { address: '+447400123456', name: null } });
    const senders = vendor.received.map(({ body }) => {
      const form = new URLSearchParams(body);
      return form.get('From') ?? form.get('MessagingServiceSid');
    });
    expect(senders).toEqual(['SCHOOL', 'MG1', '+15005550006']);
  });

  it('says whether it takes the credentials', async () => {
    vendor.answer = { status: 200, body: { sid: accountSid, status: 'active' } };
    expect(await provider().check()).toEqual({ ok: true, detail: 'Twilio takes the credentials' });
    vendor.answer = { status: 200, body: { sid: accountSid, status: 'suspended' } };
    expect(await provider().check()).toMatchObject({ ok: false });
    vendor.answer = { status: 401, body: { code: 20003, message: 'Authenticate' } };
    expect(await provider().check()).toEqual({
      ok: false,
      detail: 'Twilio: error 20003, the credentials are not accepted',
    });
  });

  it('names what is missing', () => {
    const { settings, secrets } = twilioKind(undefined);
    expect(settings.safeParse({ account_sid: 'SK1' }).error?.issues.map(({ path }) => path[0])).toEqual([
      'account_sid',
      'from',
    ]);
    expect(secrets.safeParse({}).error?.issues[0]?.message).toBe('is needed: the auth token of the account');
  });
});
