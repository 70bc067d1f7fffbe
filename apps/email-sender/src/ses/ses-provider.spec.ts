import type { Message, SendOutcome } from '@carillon/delivery';
import { VendorDouble, type Answer } from '@carillon/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { EmailContent } from '../email-content.ts';
import { parseMailFrom } from '../smtp/mail-from.ts';
import { SesProvider } from './ses-provider.ts';

const message: Message<EmailContent> = {
  tenant: 'school',
  deliveryId: '019aa5e5-8f00-8c00-8000-000000000003',
  to: { address: 'amina@example.org', name: 'Amina Otieno' },
  content: { subject: 'Ein Brief', html: '<p>Ein Brief</p>', text: 'Ein Brief' },
};

let vendor: VendorDouble;
let provider: SesProvider;
beforeEach(async () => {
  vendor = await VendorDouble.start();
  provider = new SesProvider({
    region: 'eu-west-1',
    credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'secret' },
    from: parseMailFrom('School <no-reply@school.example>')!,
    configurationSet: 'school',
    endpoint: vendor.url,
    timeoutMs: 5_000,
  });
});
afterEach(async () => {
  provider.close();
  await vendor.close();
});

const send = (timeoutMs = 5_000): Promise<SendOutcome> => provider.send(message, AbortSignal.timeout(timeoutMs));
const refusal = (status: number, type: string, headers = {}): Answer => ({
  status,
  body: { message: 'Email address is not verified: amina@example.org' },
  headers: { 'x-amzn-errortype': type, ...headers },
});

describe('Amazon SES', () => {
  it('is sent the raw message once, signed, with tags that its events bring back', async () => {
    vendor.answer = { status: 200, body: { MessageId: '0102018c-1' } };
    expect(await send()).toEqual({ kind: 'accepted', providerMessageId: '<0102018c-1@eu-west-1.amazonses.com>' });
    expect(vendor.received).toHaveLength(1);
    const [{ method, path, headers, body }] = vendor.received as [(typeof vendor.received)[0]];
    expect([method, path]).toEqual(['POST', '/v2/email/outbound-emails']);
    expect(headers.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE\/\d{8}\/eu-west-1\/ses\//);
    const request = JSON.parse(body);
    expect(request).toMatchObject({
      FromEmailAddress: 'School <no-reply@school.example>',
      Destination: { ToAddresses: ['amina@example.org'] },
      ConfigurationSetName: 'school',
      EmailTags: [
        { Name: 'tenant', Value: 'school' },
        { Name: 'delivery_id', Value: message.deliveryId },
      ],
    });
    const raw = Buffer.from(request.Content.Raw.Data, 'base64').toString();
    expect(raw).toContain(`Message-ID: <${message.deliveryId}@school.example>`);
    expect(raw).toContain('<p>Ein Brief</p>');
  });

  it.each<[number, string, object]>([
    [429, 'TooManyRequestsException', { kind: 'throttled', code: 'TooManyRequestsException' }],
    [400, 'LimitExceededException', { kind: 'retryable', technical: true }],
    [400, 'SendingPausedException', { kind: 'retryable', technical: true }],
    [400, 'AccountSuspendedException', { kind: 'retryable', technical: true }],
    [400, 'MailFromDomainNotVerifiedException', { kind: 'permanent', technical: true }],
    [400, 'MessageRejected', { kind: 'permanent', technical: true }],
    [404, 'NotFoundException', { kind: 'permanent', technical: true }],
    [400, 'BadRequestException', { kind: 'permanent' }],
    [403, 'InvalidClientTokenId', { kind: 'retryable', technical: true, code: 'HTTP 403' }],
    [500, 'InternalFailure', { kind: 'retryable', code: 'HTTP 500' }],
    [504, 'Gateway', { kind: 'uncertain' }],
  ])('HTTP %d %s', async (status, type, outcome) => {
    vendor.answer = refusal(status, type);
    const result = await send();
    expect(result).toMatchObject(outcome);
    expect(JSON.stringify(result)).not.toContain('amina');
    // The SDK repeats nothing by itself.
    expect(vendor.received).toHaveLength(1);
  });

  it.each<[string, Answer]>([
    ['a reset', { fault: 'reset' }],
    ['silence', { fault: 'silence' }],
  ])('may have taken the message when the answer is %s, which is not sent again here', async (_what, fault) => {
    vendor.answer = fault;
    expect(await send(700)).toMatchObject({ kind: 'uncertain' });
    expect(vendor.received).toHaveLength(1);
  });

  it('has not taken the message when it cannot be reached', async () => {
    await vendor.close();
    expect(await send()).toMatchObject({ kind: 'retryable', code: 'ECONNREFUSED' });
  });

  it('is checked without sending anything', async () => {
    const check = () => provider.check(AbortSignal.timeout(5_000));
    vendor.answer = { status: 200, body: { SendingEnabled: true } };
    expect(await check()).toMatchObject({ ok: true });
    expect(vendor.received[0]).toMatchObject({ method: 'GET', path: '/v2/email/account' });
    vendor.answer = { status: 200, body: { SendingEnabled: false } };
    expect(await check()).toMatchObject({ ok: false });
    vendor.answer = refusal(403, 'UnrecognizedClientException');
    expect((await check()).detail).toContain('the credentials are not accepted');
  });
});
