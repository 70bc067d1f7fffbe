import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Message, SendOutcome } from '@carillon/delivery';
import { OutboundGuard } from '@carillon/service';
import { VendorDouble } from '@carillon/testing';
import type { SmsContent } from '../sms-content.ts';
import { africasTalkingKind, AfricasTalkingProvider } from './africas-talking-provider.ts';

const message: Message<SmsContent> = {
  tenant: 'school',
  deliveryId: '019aa5e5-8f00-8c00-8000-000000000003',
  to: { address: '+254711000111', name: null },
  content: { text: 'Ada & karo: 100% ½' },
};
const answerWith = (statusCode: number, status: string) => ({
  status: 201,
  body: {
    SMSMessageData: {
      Message: 'Sent to 1/1 Total Cost: KES 0.8000',
      Recipients: [{ statusCode, number: '+254711000111', status, cost: 'KES 0.8000', messageId: 'ATXid_1' }],
    },
  },
});

let vendor: VendorDouble;
beforeEach(async () => (vendor = await VendorDouble.start()));
afterEach(() => vendor.close());

const provider = (from?: string, timeoutMs = 2_500): AfricasTalkingProvider =>
  new AfricasTalkingProvider({
    username: 'greenfield',
    apiKey: 'atsk_secret',
    from,
    baseUrl: `${vendor.url}/`,
    timeoutMs,
  });
const send = (): Promise<SendOutcome> => provider().send(message);

describe('Africa’s Talking', () => {
  it('is sent a form with the account, the number, the text and the sender id, and the key as a header', async () => {
    vendor.answer = answerWith(101, 'Success');
    expect(await provider('GREENFIELD').send(message)).toEqual({ kind: 'accepted', providerMessageId: 'ATXid_1' });
    expect(vendor.received).toHaveLength(1);
    const [{ method, path, headers, body }] = vendor.received as [(typeof vendor.received)[0]];
    expect([method, path]).toEqual(['POST', '/version1/messaging']);
    expect(headers).toMatchObject({
      apikey: 'atsk_secret',
      accept: 'application/json',
      'content-type': expect.stringContaining('application/x-www-form-urlencoded'),
    });
    expect(Object.fromEntries(new URLSearchParams(body))).toEqual({
      username: 'greenfield',
      to: '+254711000111',
      message: 'Ada & karo: 100% ½',
      from: 'GREENFIELD',
      bulkSMSMode: '1',
    });
  });

  it('is sent no sender id where none is configured', async () => {
    vendor.answer = answerWith(100, 'Processed');
    expect(await send()).toMatchObject({ kind: 'accepted' });
    expect(new URLSearchParams(vendor.received[0]!.body).has('from')).toBe(false);
  });

  it.each<[number, string, object]>([
    [102, 'Queued', { kind: 'accepted' }],
    [401, 'RiskHold', { kind: 'permanent', technical: true }],
    [402, 'InvalidSenderId', { kind: 'permanent', technical: true }],
    [
      403,
      'InvalidPhoneNumber',
      { kind: 'permanent', error: 'Africa’s Talking: InvalidPhoneNumber, the number is not valid' },
    ],
    [404, 'UnsupportedNumberType', { kind: 'permanent' }],
    [405, 'InsufficientBalance', { kind: 'retryable', technical: true }],
    [406, 'UserInBlacklist', { kind: 'permanent' }],
    [407, 'CouldNotRoute', { kind: 'permanent' }],
    [409, 'DoNotDisturbRejection', { kind: 'permanent' }],
    [500, 'InternalServerError', { kind: 'retryable' }],
    [501, 'GatewayError', { kind: 'retryable' }],
    [502, 'RejectedByGateway', { kind: 'permanent' }],
    [
      999,
      'SomethingNew for +254711000111',
      { kind: 'retryable', error: 'Africa’s Talking: not accepted (status 999)' },
    ],
  ])('%d %s', async (statusCode, status, outcome) => {
    vendor.answer = answerWith(statusCode, status);
    expect(await send()).toMatchObject(outcome);
  });

  it('may refuse the request as a whole', async () => {
    vendor.answer = { status: 201, body: { SMSMessageData: { Message: 'InvalidSenderId', Recipients: [] } } };
    expect(await send()).toMatchObject({ kind: 'permanent', technical: true });
  });

  it.each<[number, Record<string, string>, object]>([
    [401, {}, { kind: 'retryable', technical: true }],
    [400, {}, { kind: 'permanent' }],
    [429, { 'retry-after': '42' }, { kind: 'throttled', retryAfterSeconds: 42 }],
    [500, {}, { kind: 'retryable' }],
    [503, {}, { kind: 'retryable' }],
    [504, {}, { kind: 'uncertain' }],
    [302, { location: 'http://127.0.0.1:1/' }, { kind: 'permanent', technical: true }],
  ])('HTTP %d %j', async (status, headers, outcome) => {
    vendor.answer = { status, headers, body: 'No. +254711000111' };
    const result = await send();
    expect(result).toMatchObject(outcome);
    expect(JSON.stringify(result)).not.toMatch(/254711|atsk/);
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
      error: 'Africa’s Talking cannot be reached (ECONNREFUSED)',
      code: 'ECONNREFUSED',
    });
  });

  it('is not asked about a number that the SDK knows to be invalid', async () => {
    expect(await provider().send({ ...message, to: { address: '12345', name: null } })).toEqual({
      kind: 'permanent',
      error: 'Africa’s Talking: the number is not valid',
    });
    expect(vendor.received).toEqual([]);
  });
});

describe('Africa’s Talking as a tenant configures it', () => {
  const made = () =>
    africasTalkingKind(vendor.url).create({
      ...{ name: 'at-kenya', settings: { username: 'greenfield', from: 'GREEN' }, secrets: { api_key: 'atsk_secret' } },
      ...{ senderIds: { '254': 'SCHOOL' }, timeoutMs: 2_000, guard: new OutboundGuard() },
    });

  it('sends under the sender id of the number’s country', async () => {
    vendor.answer = answerWith(101, 'Success');
    expect(await made().send(message, AbortSignal.timeout(2_000))).toMatchObject({ kind: 'accepted' });
    expect(new URLSearchParams(vendor.received[0]!.body).get('from')).toBe('SCHOOL');
  });

  it('says whether it takes the credentials', async () => {
    vendor.answer = { status: 200, body: { UserData: { balance: 'KES 10.00' } } };
    expect(await made().check!(AbortSignal.timeout(2_000))).toMatchObject({ ok: true });
    expect(vendor.received[0]).toMatchObject({ method: 'GET', headers: { apikey: 'atsk_secret' } });
    expect(vendor.received[0]!.path).toMatch(/^\/version1\/user\?username=greenfield/);
    vendor.answer = { status: 401, body: 'The supplied authentication is invalid' };
    expect((await made().check!(AbortSignal.timeout(2_000))).detail).toContain('the credentials are not accepted');
  });
});
