import type { Message, SendOutcome } from '@carillon/delivery';
import { VendorDouble, type Answer } from '@carillon/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { EmailContent } from '../email-content.ts';
import { parseMailFrom } from '../smtp/mail-from.ts';
import { mailgunKind, MailgunProvider } from './mailgun-provider.ts';

const message: Message<EmailContent> = {
  tenant: 'school',
  deliveryId: '019aa5e5-8f00-8c00-8000-000000000003',
  to: { address: 'amina@example.org', name: 'Amina Otieno' },
  content: { subject: 'Ein Brief', html: '<p>Ein Brief</p>', text: 'Ein Brief' },
};
const messageId = `<${message.deliveryId}@school.example>`;

let vendor: VendorDouble;
let provider: MailgunProvider;
beforeEach(async () => {
  vendor = await VendorDouble.start();
  provider = new MailgunProvider({
    domain: 'mg.school.example',
    region: 'eu',
    apiKey: 'key-secret',
    from: parseMailFrom('School <no-reply@school.example>')!,
    baseUrl: `${vendor.url}/`,
  });
});
afterEach(() => vendor.close());

const send = (timeoutMs = 5_000): Promise<SendOutcome> => provider.send(message, AbortSignal.timeout(timeoutMs));

/** The parts of the form that was sent, by name. */
async function sentForm(): Promise<FormData> {
  const { body, headers } = vendor.received[0]!;
  return new Response(body, { headers: { 'content-type': headers['content-type']! } }).formData();
}

describe('Mailgun', () => {
  it('is sent the message as MIME, with what its webhooks bring back, under the domain’s key', async () => {
    vendor.answer = { status: 200, body: { id: messageId, message: 'Queued. Thank you.' } };
    expect(await send()).toEqual({ kind: 'accepted', providerMessageId: messageId });
    const [{ method, path, headers }] = vendor.received as [(typeof vendor.received)[0]];
    expect([method, path]).toEqual(['POST', '/v3/mg.school.example/messages.mime']);
    expect(headers.authorization).toBe(`Basic ${Buffer.from('api:key-secret').toString('base64')}`);
    const form = await sentForm();
    const fields = Object.fromEntries([...form].filter(([, value]) => typeof value === 'string'));
    expect(fields).toEqual({
      to: 'amina@example.org',
      'v:tenant': 'school',
      'v:delivery_id': message.deliveryId,
      'o:tracking': 'no',
    });
    const raw = await (form.get('message') as File).text();
    expect(raw).toContain(`Message-ID: ${messageId}`);
    expect(raw).toContain('From: School <no-reply@school.example>');
    expect(raw).toContain('To: Amina Otieno <amina@example.org>');
    expect(raw).toContain('<p>Ein Brief</p>');
  });

  it.each<[string, Answer & { status: number }, object]>([
    ['a wrong key', { status: 401, body: 'Forbidden' }, { kind: 'retryable', technical: true, code: 'HTTP 401' }],
    ['a domain that may not send', { status: 403, body: {} }, { kind: 'retryable', technical: true }],
    ['an unknown domain', { status: 404, body: {} }, { kind: 'permanent', technical: true }],
    [
      'an address that is none',
      { status: 400, body: { message: "'to' parameter is not a valid address. please check documentation" } },
      { kind: 'permanent', technical: false, error: 'Mailgun: the address is not valid' },
    ],
    [
      'another bad request',
      { status: 400, body: { message: 'from is missing' } },
      { kind: 'permanent', technical: true },
    ],
    ['a message that is too large', { status: 413, body: '' }, { kind: 'permanent', technical: false }],
    ['too many', { status: 429, headers: { 'retry-after': '30' } }, { kind: 'throttled', retryAfterSeconds: 30 }],
    ['a server error', { status: 500, body: '' }, { kind: 'retryable' }],
    ['a gateway that lost the answer', { status: 504, body: '' }, { kind: 'uncertain' }],
  ])('reports %s', async (_what, answer, outcome) => {
    vendor.answer = answer;
    const result = await send();
    expect(result).toMatchObject(outcome);
    expect(JSON.stringify(result)).not.toMatch(/amina|key-secret/);
  });

  it.each<[string, Answer]>([
    ['a reset', { fault: 'reset' }],
    ['silence', { fault: 'silence' }],
  ])('may have taken the message when the answer is %s', async (_what, fault) => {
    vendor.answer = fault;
    expect(await send(500)).toMatchObject({ kind: 'uncertain' });
  });

  it('has not taken the message when it cannot be reached', async () => {
    await vendor.close();
    expect(await send()).toMatchObject({ kind: 'retryable', code: 'ECONNREFUSED' });
  });

  it('is asked for a message by its Message-ID; that it knows of none yet proves nothing', async () => {
    const lookUp = () => provider.lookUp(message, new Date(), AbortSignal.timeout(5_000));
    vendor.answer = { status: 200, body: { items: [{ event: 'accepted' }] } };
    expect(await lookUp()).toEqual({ kind: 'taken', providerMessageId: messageId });
    const { method, path } = vendor.received[0]!;
    expect(method).toBe('GET');
    expect(path).toBe(`/v3/mg.school.example/events?message-id=${encodeURIComponent(messageId.slice(1, -1))}&limit=1`);
    vendor.answer = { status: 200, body: { items: [] } };
    expect(await lookUp()).toEqual({ kind: 'unknown' });
    vendor.answer = { status: 500, body: '' };
    expect(await lookUp()).toEqual({ kind: 'unknown' });
  });

  it('is checked without sending anything', async () => {
    const check = () => provider.check(AbortSignal.timeout(5_000));
    vendor.answer = { status: 200, body: { domain: { state: 'active' } } };
    expect(await check()).toMatchObject({ ok: true });
    expect(vendor.received[0]).toMatchObject({ method: 'GET', path: '/v4/domains/mg.school.example' });
    vendor.answer = { status: 200, body: { domain: { state: 'unverified' } } };
    expect(await check()).toEqual({ ok: false, detail: 'Mailgun: the domain is not active yet' });
    vendor.answer = { status: 401, body: '' };
    expect((await check()).detail).toContain('the credentials are not accepted');
  });

  it('names what its settings lack', () => {
    const { settings, secrets } = mailgunKind(undefined);
    expect(
      settings.safeParse({ domain: 'a/../b', region: 'mars', from: 'nobody' }).error?.issues.map(({ path }) => path[0]),
    ).toEqual(['domain', 'region', 'from']);
    expect(settings.safeParse({ domain: 'mg.example.org', from: 'a@b.org\r\nBcc: c@d.org' }).success).toBe(false);
    expect(secrets.safeParse({}).error?.issues[0]?.message).toBe('is needed: a sending key of the domain');
  });
});
