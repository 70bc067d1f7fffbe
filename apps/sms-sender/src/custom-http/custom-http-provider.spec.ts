import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Message, SendOutcome } from '@carillon/delivery';
import { OutboundGuard } from '@carillon/service';
import { VendorDouble } from '@carillon/testing';
import type { SmsContent } from '../sms-content.ts';
import { customKind, CustomHttpProvider } from './custom-http-provider.ts';
import { fill, valueAt, type Json } from './template.ts';

const message: Message<SmsContent> = {
  tenant: 'school',
  deliveryId: '019aa5e5-8f00-8c00-8000-000000000003',
  to: { address: '+254711000111', name: null },
  content: { text: 'Say "hi" {to}' },
};
const body: Json = {
  messages: [{ destination: '{to}', content: 'School: {text}', flash: false }],
  ref: '{delivery_id}',
};

let vendor: VendorDouble;
beforeEach(async () => (vendor = await VendorDouble.start()));
afterEach(() => vendor.close());

const send = (timeoutMs = 5_000): Promise<SendOutcome> =>
  new CustomHttpProvider({
    url: `${vendor.url}/v2/sms`,
    headers: { authorization: 'Bearer secret' },
    body,
    idPath: 'messages.0.id',
  }).send(message, AbortSignal.timeout(timeoutMs));

describe('A custom provider', () => {
  it('is sent the JSON of the template with its headers, and names the message where the path says', async () => {
    vendor.answer = { status: 202, body: { messages: [{ id: 4711 }] } };
    expect(await send()).toEqual({ kind: 'accepted', providerMessageId: '4711' });
    const [{ method, path, headers, body: sent }] = vendor.received as [(typeof vendor.received)[0]];
    expect([method, path]).toEqual(['POST', '/v2/sms']);
    expect(headers).toMatchObject({
      authorization: 'Bearer secret',
      'content-type': 'application/json',
      'idempotency-key': message.deliveryId,
    });
    expect(JSON.parse(sent)).toEqual({
      messages: [{ destination: '+254711000111', content: 'School: Say "hi" {to}', flash: false }],
      ref: message.deliveryId,
    });
  });

  it('may name no message', async () => {
    vendor.answer = { status: 200, body: 'OK' };
    expect(await send()).toEqual({ kind: 'accepted', providerMessageId: null });
  });

  it.each<[number, Record<string, string>, object]>([
    [422, {}, { kind: 'permanent' }],
    [401, {}, { kind: 'retryable', technical: true }],
    [404, {}, { kind: 'permanent', technical: true }],
    [307, { location: 'http://127.0.0.1:1/' }, { kind: 'permanent', technical: true }],
    [429, { 'retry-after': '42' }, { kind: 'throttled', retryAfterSeconds: 42 }],
    [500, {}, { kind: 'retryable' }],
    [504, {}, { kind: 'uncertain' }],
  ])('HTTP %d %j', async (status, headers, outcome) => {
    vendor.answer = { status, headers, body: { title: 'No: +254711000111' } };
    const result = await send();
    expect(result).toMatchObject(outcome);
    expect(JSON.stringify(result)).not.toContain('254711');
  });

  it.each(['reset', 'silence'] as const)('may have taken the message when the answer is a %s', async (fault) => {
    vendor.answer = { fault };
    expect(await send(500)).toMatchObject({ kind: 'uncertain' });
  });

  it('has not taken the message when it cannot be reached', async () => {
    await vendor.close();
    expect(await send()).toMatchObject({ kind: 'retryable' });
  });
});

describe('A custom provider of a tenant', () => {
  const local = new OutboundGuard((address) => address === '127.0.0.1');
  const kind = customKind(local);
  const made = (settings: object, guard = local) =>
    kind.create({
      name: 'gateway-two',
      settings: kind.settings.parse({ url: `${vendor.url}/send`, ...settings }),
      secrets: { token: 'hunter2' },
      senderIds: { '254': 'SCHOOL', '25471': 'SCHOOL71' },
      timeoutMs: 5_000,
      guard,
    });
  const sentBy = (settings: object, guard = local) => made(settings, guard).send(message, AbortSignal.timeout(5_000));

  it('is sent a form where it wants one, with its secret and the sender id of the country', async () => {
    vendor.answer = { status: 200, body: { state: 'queued', ref: 'x' } };
    const outcome = await sentBy({
      format: 'form',
      headers: { Authorization: 'Bearer {token}' },
      body: { dest: '{to}', src: '{from}', msg: '{text}', key: '{token}' },
      id_path: 'ref',
      status_path: 'state',
      outcomes: { queued: 'accepted', '*': 'permanent' },
    });
    expect(outcome).toEqual({ kind: 'accepted', providerMessageId: 'x' });
    const [{ headers, body: form }] = vendor.received as [(typeof vendor.received)[0]];
    expect(headers).toMatchObject({
      authorization: 'Bearer hunter2',
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect(Object.fromEntries(new URLSearchParams(form))).toEqual({
      dest: '+254711000111',
      src: 'SCHOOL71',
      msg: 'Say "hi" {to}',
      key: 'hunter2',
    });
    vendor.answer = { status: 200, body: { state: 'refused +254711000111' } };
    const refused = await sentBy({ status_path: 'state', outcomes: { '*': 'permanent' } });
    expect(refused).toMatchObject({ kind: 'permanent' });
    expect(JSON.stringify(refused)).not.toMatch(/254711|hunter2/);
  });

  it('is not reached inside the network, nor where it redirects to', async () => {
    expect(await sentBy({}, new OutboundGuard())).toMatchObject({
      kind: 'retryable',
      technical: true,
      code: 'EFORBIDDEN',
    });
    expect(vendor.received).toEqual([]);
    expect(await made({}, new OutboundGuard()).check!(AbortSignal.timeout(1_000))).toMatchObject({ ok: false });
    expect(await made({}).check!(AbortSignal.timeout(1_000))).toMatchObject({ ok: true });
  });

  it('names what is wrong with its settings', () => {
    const wrong = (settings: object) =>
      kind.settings.safeParse(settings).error?.issues.map(({ path }) => path.join('.'));
    expect(wrong({})).toEqual(['url']);
    expect(wrong({ url: 'https://10.0.0.1/' })).toEqual(['url']);
    expect(wrong({ url: 'https://sms.example.org', headers: { 'x-a': 'b\r\nx-c: d' } })).toEqual(['headers.x-a']);
    expect(wrong({ url: 'https://sms.example.org', headers: { Host: 'metadata' } })).toEqual(['headers']);
    expect(wrong({ url: 'https://sms.example.org', outcomes: { a: 'maybe' } })).toEqual(['outcomes.a']);
    expect(wrong({ url: 'https://sms.example.org', format: 'form', body: [] })).toEqual(['body']);
    expect(kind.secrets.safeParse({ token: 'a\nb' }).success).toBe(false);
  });
});

describe('The template', () => {
  it('never changes its structure, whatever the text is', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(fill({ a: ['{text}', 1, null, true] }, { text })).toEqual({ a: [text, 1, null, true] });
      }),
    );
  });
  it('keeps placeholders that it does not know', () => {
    expect(fill('{to} {other}', { to: 'x' })).toBe('x {other}');
  });
});

describe('The path to the message’s name', () => {
  it('goes through members and positions and ends at a string or a number', () => {
    expect(valueAt({ a: [{ b: 'x' }] }, 'a.0.b')).toBe('x');
    expect(valueAt({ a: 1 }, 'a')).toBe('1');
    expect(valueAt({ a: { b: {} } }, 'a.b')).toBeNull();
    expect(valueAt({}, 'constructor.name')).toBeNull();
    expect(valueAt(undefined, 'id')).toBeNull();
  });
});
