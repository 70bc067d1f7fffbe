import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Message, SendOutcome } from '@carillon/delivery';
import { VendorDouble } from '@carillon/testing';
import type { SmsContent } from '../sms-content.ts';
import { TwilioProvider } from './twilio-provider.ts';

const accountSid = `AC${'0'.repeat(32)}`;
const message: Message<SmsContent> = {
  tenant: 'school',
  deliveryId: '019aa5e5-8f00-8c00-8000-000000000003',
  to: { address: '+254711000111', name: null },
  content: { text: 'Ada & karo: 100% ½' },
};

let vendor: VendorDouble;
beforeEach(async () => (vendor = await VendorDouble.start()));
afterEach(() => vendor.close());

const provider = (from = '+15005550006'): TwilioProvider =>
  new TwilioProvider({ accountSid, authToken: 'secret', from, baseUrl: `${vendor.url}/`, timeoutMs: 2_500 });
const send = (): Promise<SendOutcome> => provider().send(message);

describe('Twilio', () => {
  it('is sent a form with sender, number and text, under the account’s credentials', async () => {
    vendor.answer = { status: 201, body: { sid: 'SM1', status: 'queued' } };
    expect(await send()).toEqual({ kind: 'accepted', providerMessageId: 'SM1' });
    expect(vendor.received).toHaveLength(1);
    const [{ method, path, headers, body }] = vendor.received as [(typeof vendor.received)[0]];
    expect([method, path]).toEqual(['POST', `/2010-04-01/Accounts/${accountSid}/Messages.json`]);
    expect(headers.authorization).toBe(`Basic ${Buffer.from(`${accountSid}:secret`).toString('base64')}`);
    expect(headers['content-type']).toContain('application/x-www-form-urlencoded');
    expect(Object.fromEntries(new URLSearchParams(body))).toEqual({
      From: '+15005550006',
      To: '+254711000111',
      Body: 'Ada & karo: 100% ½',
    });
  });

  it('is told where to report to, if Twilio can reach it', async () => {
    vendor.answer = { status: 201, body: { sid: 'SM1' } };
    for (const publicUrl of ['https://notify.example.org', 'http://localhost:3000', 'http://127.0.0.1:3000']) {
      const options = {
        accountSid,
        authToken: 'secret',
        from: '+15005550006',
        baseUrl: `${vendor.url}/`,
        timeoutMs: 2_500,
      };
      await new TwilioProvider({ ...options, publicUrl }).send(message);
    }
    const urls = vendor.received.map(({ body }) => new URLSearchParams(body).get('StatusCallback'));
    const { tenant, deliveryId } = message;
    expect(urls).toEqual([
      `https://notify.example.org/webhooks/twilio/status?tenant=${tenant}&delivery=${deliveryId}`,
      null,
      null,
    ]);
  });

  it('is told the messaging service where that is the sender', async () => {
    vendor.answer = { status: 201, body: { sid: 'SM1' } };
    await provider('MG1').send(message);
    const form = new URLSearchParams(vendor.received[0]!.body);
    expect([form.get('MessagingServiceSid'), form.get('From')]).toEqual(['MG1', null]);
  });

  it.each<[number, number, object]>([
    [400, 21211, { kind: 'permanent', error: 'Twilio: error 21211, the number is not valid' }],
    [400, 21610, { kind: 'permanent' }],
    [400, 21612, { kind: 'permanent' }],
    [400, 21614, { kind: 'permanent' }],
    [400, 21408, { kind: 'permanent', technical: true }],
    [400, 21606, { kind: 'permanent', technical: true }],
    [400, 21608, { kind: 'permanent', technical: true }],
    [401, 20003, { kind: 'retryable', technical: true }],
    [403, 30002, { kind: 'retryable', technical: true }],
    [400, 21611, { kind: 'throttled' }],
    [429, 63038, { kind: 'throttled' }],
    [400, 99999, { kind: 'permanent', error: 'Twilio: HTTP 400, error 99999' }],
    [500, 20500, { kind: 'retryable', error: 'Twilio: HTTP 500, error 20500' }],
    [503, 20503, { kind: 'retryable' }],
    [504, 20504, { kind: 'uncertain' }],
  ])('HTTP %d with error %d', async (status, code, outcome) => {
    vendor.answer = {
      status,
      body: { status, code, message: 'No: +254711000111', more_info: 'https://www.twilio.com/docs/errors' },
    };
    const result = await send();
    expect(result).toMatchObject(outcome);
    expect(JSON.stringify(result)).not.toContain('254711');
  });

  it('asks for a pause by Retry-After, which is kept, and is not asked again in between', async () => {
    vendor.answer = {
      status: 429,
      headers: { 'retry-after': '42' },
      body: { status: 429, code: 20429, message: 'Too many' },
    };
    expect(await send()).toEqual({
      kind: 'throttled',
      error: 'Twilio: error 20429, too many requests',
      code: '20429',
      retryAfterSeconds: 42,
    });
    expect(vendor.received).toHaveLength(1);
  });

  it('may answer with something that is no JSON', async () => {
    vendor.answer = { status: 502, body: '<html>Bad gateway</html>' };
    expect(await send()).toEqual({ kind: 'retryable', error: 'Twilio: HTTP 502', code: 'HTTP 502' });
  });

  it.each(['reset', 'silence'] as const)('may have taken the message when the answer is a %s', async (fault) => {
    vendor.answer = { fault };
    expect(await send()).toMatchObject({ kind: 'uncertain' });
    expect(vendor.received).toHaveLength(1);
  });

  it('has not taken the message when it cannot be reached', async () => {
    await vendor.close();
    expect(await send()).toEqual({
      kind: 'retryable',
      error: 'Twilio cannot be reached (ECONNREFUSED)',
      code: 'ECONNREFUSED',
    });
  });
});
