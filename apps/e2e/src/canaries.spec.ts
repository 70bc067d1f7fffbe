import { createHmac, randomBytes, randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testSecret, until, VendorDouble } from '@carillon/testing';
import { io } from 'socket.io-client';
import { Client } from './client.ts';
import { apiKey, startSuite, type Suite } from './suite.ts';

/** A text that stands nowhere else, so whoever finds it in a log knows where it came from. */
const canary = (what: string) => `canary-${what}-${randomBytes(9).toString('hex')}`;

/** How a text may look after it was encoded: the base64 of it alone, and of it within something longer. */
function formsOf(text: string): string[] {
  const bytes = Buffer.from(text);
  const within = [0, 1, 2].flatMap((before) => {
    const shifted = Buffer.concat([Buffer.alloc(before), bytes]);
    // Whole groups of three bytes that belong to nothing but the text.
    const whole = shifted.subarray(before === 0 ? 0 : 3, shifted.length - (shifted.length % 3));
    return [whole.toString('base64'), whole.toString('base64url')];
  });
  const quoted = JSON.stringify(text).slice(1, -1);
  return [...new Set([text, quoted, encodeURIComponent(text), bytes.toString('hex'), ...within])];
}

/** The canaries of which some form stands in the line, by name. */
const found = (line: string, canaries: ReadonlyMap<string, string>): string[] =>
  [...canaries]
    .filter(([, text]) => formsOf(text).some((form) => line.toLowerCase().includes(form.toLowerCase())))
    .map(([name]) => name);

/** An installation whose every service logs all that it can, and which is told secrets on every way there is. */
describe('what services log', () => {
  const lines: { name: string; line: string }[] = [];
  /** By name, what must stand in no line. */
  const secrets = new Map<string, string>();
  const secret = (name: string, text = canary(name)): string => {
    secrets.set(name, text);
    return text;
  };

  const ownerToken = secret('first-owner-token');
  const owner = secret('member-email', `${canary('member')}@school.example`);
  const password = secret('member-password');
  const person = {
    name: secret('person-name', `Amina ${canary('name')}`),
    email: secret('person-email', `${canary('email')}@school.example`),
    phone: secret('person-phone', `+25471${randomInt(1_000_000, 9_999_999)}`),
  };
  secrets.set('person-phone', person.phone.slice(1));
  const words = { title: secret('title'), message: secret('message') };
  const data = {
    amount: 10,
    currency: 'KES',
    reference: secret('template-data'),
    link: `https://school.example/receipts/${secret('link')}`,
  };
  const bounceSecret = secret('bounce-webhook-secret');
  const reportsSecret = secret('africastalking-webhook-secret');

  let suite: Suite;
  let client: Client;
  let vendor: VendorDouble;
  let token: string;

  beforeAll(async () => {
    secret('installation-secret', testSecret);
    secret('api-key', apiKey);
    vendor = await VendorDouble.start();
    const sealing = secret('secrets-key', randomBytes(32).toString('hex'));
    const env = {
      LOG_LEVEL: 'trace',
      PLATFORM_API_KEY: secret('platform-key', `ck_${canary('platform')}`),
      FIRST_OWNER_EMAIL: owner,
      FIRST_OWNER_TOKEN: ownerToken,
      OPENID_ISSUER: vendor.url,
      OPENID_CLIENT_ID: 'carillon',
      OPENID_CLIENT_SECRET: secret('openid-client-secret'),
      PUBLIC_URL: 'https://notify.example',
      AFRICASTALKING_API_KEY: secret('africastalking-key'),
      AFRICASTALKING_WEBHOOK_SECRET: reportsSecret,
      TWILIO_AUTH_TOKEN: secret('twilio-token'),
      MAILGUN_WEBHOOK_SIGNING_KEY: secret('mailgun-signing-key'),
      BOUNCE_WEBHOOK_SECRET: bounceSecret,
      SECRETS_KEY: `2026:${sealing}`,
      ALLOW_PRIVATE_URLS: '127.0.0.1',
      RETRY_DELAYS: '0.2,0.2',
      WEBHOOK_RETRY_DELAYS: '0.2,0.2,0.2,0.2',
    };
    suite = await startSuite(env, (line, name) => lines.push({ name, line }));
    client = new Client(suite);
    for (const service of ['gateway', 'inbox', 'email-sender', 'preferences'])
      secret(`database-password-${service}`, new URL(suite.database.url(service)).password);
    token = secret('recipient-token', await client.recipient('amina', person));
  }, 90_000);

  afterAll(async () => {
    await suite?.close();
    await vendor?.close();
  }, 60_000);

  const admin = (method: string, path: string, body?: unknown) => client.call(method, `/v1/admin${path}`, body);
  /** A request as it is, whatever comes of it. */
  const raw = async (method: string, path: string, headers: Record<string, string>, body?: string) => {
    const response = await fetch(suite.url + path, { method, headers, body, redirect: 'manual' });
    await response.arrayBuffer();
    return response;
  };
  const json = { 'content-type': 'application/json' };
  const byKey = { authorization: `Bearer ${apiKey}`, ...json };
  const logged = (text: string) => until(`"${text}" is logged`, () => lines.some(({ line }) => line.includes(text)));
  const to = (recipient: string, channel: string) => ({
    recipients: [recipient],
    channels: [channel],
    content: { ...words, link: data.link },
  });
  const ended = (recipient: string, channel: 'email' | 'sms', status: string) =>
    client.delivery(channel, { recipient }, (delivery) => delivery.status === status);

  it('is searched for every form of a secret', () => {
    const one = new Map([['one', 'canary-ü/+?-0123456789']]);
    const text = one.get('one')!;
    const forms = [text, encodeURIComponent(text), JSON.stringify({ text })];
    for (const before of ['', 'a', 'ab', 'abc', 'ab:'])
      for (const encoding of ['base64', 'base64url', 'hex'] as const)
        forms.push(Buffer.from(`${before}${text} and more`).toString(encoding));
    for (const form of forms) expect(found(`{"msg":"x ${form} y"}`, one)).toEqual(['one']);
    expect(found('{"msg":"canary"}', one)).toEqual([]);
  });

  it('follows requests with credentials, good and wrong', async () => {
    const wrongKey = secret('wrong-key', `ck_${canary('wrong')}`);
    const wrongToken = secret('wrong-token', `eyJhbGciOiJIUzI1NiJ9.${canary('claims')}.${canary('signature')}`);
    for (const credential of [wrongKey, wrongToken])
      expect((await client.call('GET', '/v1/notifications', undefined, credential)).status).toBe(401);
    expect((await client.call('GET', '/v1/notifications', undefined, token)).status).toBe(200);
    const basic = Buffer.from(`${owner}:${secret('basic-password')}`).toString('base64');
    expect((await raw('GET', '/v1/admin/catalog', { authorization: `Basic ${basic}` })).status).toBe(401);
    await raw('GET', `/v1/notifications?token=${secret('token-in-query')}`, {});

    const made = await admin('POST', '/api-keys', { name: 'billing', scopes: ['admin'] });
    const key = secret('made-api-key', made.json.key);
    expect((await client.call('GET', '/v1/admin/catalog', undefined, key)).status).toBe(200);
    const signing = secret('token-secret', (await admin('POST', '/tokens/secrets', { kid: 'app' })).json.secret);
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = { sub: 'amina', tenant: 'default', aud: 'carillon', exp: Math.floor(Date.now() / 1000) + 600 };
    const signed = `${part({ alg: 'HS256', kid: 'app' })}.${part(claims)}`;
    const own = `${signed}.${createHmac('sha256', signing).update(signed).digest('base64url')}`;
    secret('signed-token', own);
    expect((await client.call('GET', '/v1/notifications', undefined, own)).status).toBe(200);

    for (const [credential, outcome] of [
      [token, 'connect'],
      [secret('wrong-socket-token'), 'connect_error'],
    ] as const) {
      const options = { path: '/realtime', transports: ['websocket'], forceNew: true, reconnection: false };
      const socket = io(suite.url, { ...options, auth: { token: credential }, query: { token: credential } });
      try {
        await new Promise<void>((resolve) => socket.once(outcome, () => resolve()));
      } finally {
        socket.disconnect();
      }
    }
  });

  it('follows members who come in by invitation, password and identity provider, or do not', async () => {
    const session = '/v1/admin/session';
    const enter = (path: string, body: object) => raw('POST', session + path, json, JSON.stringify(body));
    const accepted = await enter('/invitation', { token: ownerToken, password, name: person.name });
    expect(accepted.status).toBe(201);
    const cookie = accepted.headers.getSetCookie()[0]!.split(';')[0]!;
    secret('session', cookie.split('=')[1]);
    const own = await fetch(`${suite.url}${session}`, { headers: { cookie } });
    secret('csrf-token', ((await own.json()) as { csrf_token: string }).csrf_token);
    expect((await enter('', { email: owner, password })).status).toBe(201);
    expect((await enter('', { email: owner, password: secret('wrong-password') })).status).toBe(401);
    expect((await enter('/invitation', { token: secret('wrong-invitation'), password })).status).toBeGreaterThan(399);
    const invited = await admin('POST', '/members', {
      email: secret('invited', `${canary('in')}@school.example`),
      role: 'viewer',
    });
    secret('invitation', invited.json.invitation.url.split('/').at(-1));
    vendor.answer = { status: 500, body: { error: person.email } };
    await raw('GET', `${session}/openid`, {});
    await raw('GET', `${session}/openid/callback?code=${secret('code')}&state=${secret('state')}`, { cookie });
  });

  it('follows requests that are refused for what they say', async () => {
    const whole = JSON.stringify({ recipients: [person.email], data, content: words });
    for (const body of [
      whole.slice(0, -9),
      `${person.name}${whole}`,
      `[${whole}`,
      whole.replace('{', `{${person.email}:`),
    ])
      expect((await raw('POST', '/v1/events', byKey, body)).status).toBe(400);
    expect((await raw('POST', '/v1/events', { ...byKey, 'content-type': 'text/plain' }, whole)).status).toBe(400);
    const wrong: [string, string, unknown][] = [
      ['POST', '/v1/events', { type: words.title, recipients: [person.email], data }],
      ['POST', '/v1/events', { type: 'payment_received', recipients: ['amina'], data: { [data.reference]: words } }],
      ['POST', '/v1/events', { ...to('amina', person.phone), [words.message]: person.email }],
      ['PUT', '/v1/recipients/amina', { ...person, email: `${person.email}@@`, [person.name]: 1 }],
      ['PUT', '/v1/recipients/amina', { ...person, phone: `${person.phone}x`, time_zone: person.name }],
      ['GET', `/v1/recipients/${person.email}`, undefined],
      ['GET', `/v1/nowhere/${person.email}?name=${encodeURIComponent(person.name)}`, undefined],
      ['GET', `/v1/admin/deliveries/email?cursor=${words.title}&to=${person.email}`, undefined],
      ['POST', '/v1/admin/suppressions', { channel: 'pigeon', address: person.email }],
    ];
    for (const [method, path, body] of wrong) {
      const { status } = await client.call(method, path, body);
      expect({ method, path, refused: status >= 400 && status < 500 }).toMatchObject({ refused: true });
    }
  });

  it('follows events of any AMQP client, also those that nobody can read', async () => {
    const event = (changes: object) => ({
      ...{ specversion: '1.0', id: freshName(), source: '/finance', type: 'payment.received' },
      ...{ data: { recipient_id: 'amina', ...data } },
      ...changes,
    });
    const whole = JSON.stringify(event({}));
    const poison = [
      `${person.name} ${whole}`,
      whole.slice(0, -4),
      whole.replace('"amount":10', `"amount":${person.email}`),
      whole.replace('"amount":10', `"amount":"${person.phone}\n`),
      event({ type: 'no.such.type' }),
      event({ id: [person.email] }),
      event({ time: person.name, source: person.email }),
      event({ data: words.message }),
      event({ data: { recipient_id: [person], ...data } }),
      event({ data: { recipient_id: person.name, ...data, amount: words } }),
      event({ [person.email]: person.phone, tenant: person.name }),
      event({ data: { recipient_id: person.email, ...data } }),
    ];
    const batch = { contentType: 'application/cloudevents-batch+json' };
    suite.broker.publish('events', 'payment.received', [event({ data: person }), person], batch);
    const headers = {
      'cloudEvents:specversion': '1.0',
      'cloudEvents:id': person.email,
      'cloudEvents:source': words.title,
    };
    suite.broker.publish('events', 'payment.received', person, { headers });
    for (const body of poison) suite.broker.publish('events', 'payment.received', body, { persistent: true });
    client.publish('payment.received', event({}));
    await client.arrived(person.email, 'email');
    await logged('item parked');
    await until(
      'those are parked',
      async () => (await admin('GET', '/dead-letters?limit=100')).json.data.length >= poison.length,
    );
  });

  it('follows messages that are taken, refused with the address in the answer, and tried again', async () => {
    const port = Number(/takes email on smtp:\/\/[^:]+:(\d+)/.exec(lines.map(({ line }) => line).join('\n'))![1]);
    const mail = {
      kind: 'smtp',
      settings: {
        host: '127.0.0.1',
        port,
        tls: 'opportunistic',
        user: 'canary',
        from: 'School <no-reply@school.example>',
      },
      secrets: { password: secret('smtp-password') },
    };
    expect((await admin('PUT', '/providers/email/own', mail)).status).toBe(201);
    const closed = { ...mail, settings: { ...mail.settings, port: 1 } };
    expect((await admin('PUT', '/providers/email/gone?check=true', closed)).status).toBe(422);
    const custom = {
      kind: 'custom',
      settings: {
        url: `${vendor.url}/sms`,
        headers: { authorization: 'Bearer {token}' },
        body: { to: '{to}', text: '{text}' },
      },
      secrets: { token: secret('sms-token') },
    };
    expect((await admin('PUT', '/providers/sms/own', custom)).status).toBe(201);
    expect((await admin('PUT', '/providers/sms/bad', { ...custom, kind: secret('kind') })).status).toBe(422);

    for (const box of ['permanent-failure', 'temporary-failure', 'fails-twice']) {
      const email = `${box}+${canary(box)}@school.example`;
      await client.recipient(box, { ...person, email: secret(box, email) });
      expect((await client.call('POST', '/v1/events', to(box, 'email'))).status).toBe(202);
    }
    const echo = { message: `${person.phone}: ${words.title} ${words.message}, ${secrets.get('sms-token')}` };
    const answers = [
      ['failed', { status: 400, body: echo }],
      ['failed', { status: 500, body: echo }],
      ['sent', { status: 200, body: `<p>${echo.message}` }],
    ] as const;
    for (const [index, [status, answer]] of answers.entries()) {
      vendor.answer = answer;
      await client.recipient(`phone-${index}`, person);
      expect((await client.call('POST', '/v1/events', to(`phone-${index}`, 'sms'))).status).toBe(202);
      await ended(`phone-${index}`, 'sms', status);
    }
    await Promise.all([
      ended('permanent-failure', 'email', 'failed'),
      ended('temporary-failure', 'email', 'failed'),
      ended('fails-twice', 'email', 'sent'),
    ]);
    await logged('"msg":"not sent"');
  });

  it('follows webhooks in and out, and links of emails', async () => {
    vendor.answer = { status: 500, body: { error: person.email } };
    const hook = await admin('POST', '/webhooks', {
      url: `${vendor.url}/hooks/${secret('webhook-url')}`,
      events: ['delivery.sent'],
    });
    secret('webhook-secret', hook.json.secret);
    vendor.received.length = 0;
    await client.recipient('bo', person);
    await client.call('POST', '/v1/events', { type: 'payment_received', recipients: ['bo'], data });
    await until('it is tried again', () => vendor.received.filter(({ path }) => path.startsWith('/hooks')).length > 1);
    vendor.answer = { status: 200 };

    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const report = new URLSearchParams({ id: canary('id'), status: 'Failed', from: person.phone, text: words.message });
    for (const value of [reportsSecret, secret('wrong-reports-secret')])
      for (const path of ['reports', 'inbound', 'nothing'])
        await raw('POST', `/webhooks/africastalking/${value}/${path}`, form, String(report));
    const signed = { ...form, 'x-twilio-signature': secret('signature') };
    for (const path of ['status', 'inbound']) await raw('POST', `/webhooks/twilio/${path}`, signed, String(report));
    await raw('POST', '/webhooks/mailgun', json, JSON.stringify({ signature: secret('mailgun-signature'), ...person }));
    const bounce = `From: ${person.name} <${person.email}>\r\nSubject: ${words.title}\r\n\r\n${words.message}`;
    for (const value of [bounceSecret, secret('wrong-bounce-secret')])
      await raw('POST', `/webhooks/bounces/${value}`, { 'content-type': 'message/rfc822' }, bounce);

    const { headers, html } = await client.arrived(person.email, 'email');
    const links = [
      ...`${headers['list-unsubscribe']} ${html}`.matchAll(/https:\/\/notify\.example(\/[uco]\/[\w.~-]+)/g),
    ];
    expect(new Set(links.map(([, path]) => path!.slice(0, 3)))).toEqual(new Set(['/u/', '/c/', '/o/']));
    for (const [index, [, path]] of links.entries()) {
      secret(`link-${index}`, path!.slice(3));
      expect((await raw('GET', path!, {})).status).toBeLessThan(400);
      await raw('GET', `${path}x`, {});
      await raw('POST', path!, form, 'List-Unsubscribe=One-Click');
    }
  });

  it('follows services that do not start, for their settings are wrong', async () => {
    const url = (scheme: string, what: string) => `${scheme}://user:${secret(what)}@:0:0`;
    const settings = {
      CARILLON_SECRET: secret('short-secret', 'canary-too-short'),
      FORMER_SECRETS: `["${secret('former-secret')}`,
      SECRETS_KEY: secret('malformed-key'),
      DATABASE_URL: url('mysql', 'wrong-database-url'),
      AMQP_URL: url('http', 'wrong-amqp-url'),
      SMTP_URL: url('http', 'wrong-smtp-url'),
      DEV_API_KEY: secret('wrong-dev-key', 'canary-dev'),
      PLATFORM_API_KEY: secret('wrong-platform-key', 'canary-platform'),
      FIRST_OWNER_TOKEN: secret('short-owner-token', 'canary-own'),
    };
    for (const name of ['gateway', 'email-sender'] as const)
      await expect(suite.start(name, settings)).rejects.toThrow('CARILLON_SECRET');
  });

  it('follows what goes wrong inside', async () => {
    const rename = (from: string, name: string) => suite.database.query(`ALTER TABLE ${from} RENAME TO ${name}`);
    await rename('preferences.recipients', 'gone');
    const put = await client.call('PUT', '/v1/recipients/amina', person);
    const cause = await client.call('POST', '/v1/events', to('amina', 'email'));
    client.publish('payment.received', { recipient_id: 'amina', ...data });
    await logged('item failed, trying again');
    await rename('preferences.gone', 'recipients');
    expect([put.status, cause.status]).toEqual([500, expect.any(Number)]);
    await logged('does not exist');
  });

  it('follows values that PostgreSQL refuses, and which its errors quote', async () => {
    /** The column takes numbers only: "invalid input syntax for type integer", and then the value. */
    const spoil = async (table: string, column: string, work: () => Promise<unknown>) => {
      const change = (what: string) => suite.database.query(`ALTER TABLE ${table} ${what}`);
      await change(`ADD CONSTRAINT spoilt CHECK (${column}::int > 0) NOT VALID`);
      await work();
      await change('DROP CONSTRAINT spoilt');
    };
    const count = () => lines.filter(({ line }) => line.includes('SQLSTATE 22P02')).length;
    await spoil('preferences.recipients', 'name', async () => {
      expect((await client.call('PUT', '/v1/recipients/amina', { ...person, name: `${person.name}!` })).status).toBe(
        500,
      );
      await until('the question is logged', () => count() > 0);
    });
    await spoil('inbox.notifications', 'title', async () => {
      const before = count();
      expect((await client.call('POST', '/v1/events', to('amina', 'in_app'))).status).toBe(202);
      await until('the item is logged', () => count() > before);
    });
    await until('it is in the inbox all the same', async () => {
      const { json } = await client.call('GET', '/v1/notifications', undefined, token);
      return (json.data as { title: string }[]).some(({ title }) => title === words.title);
    });
  });

  it('is no secret, address, name or word of anybody, in whatever form, to the last line', async () => {
    const { processes } = suite;
    await Promise.all(processes.map((process) => process.stop()));
    for (const { name } of processes.filter(({ name }) => name !== 'mailbox'))
      expect(lines.filter((one) => one.name === name).at(-1)!.line).toContain('"msg":"stopped"');
    for (const [name, text] of secrets) expect({ name, long: text?.length >= 8 }).toEqual({ name, long: true });
    const leaks = lines.flatMap(({ name, line }) => found(line, secrets).map((what) => ({ name, what, line })));
    expect(leaks).toEqual([]);
  });
});

const freshName = () => randomBytes(8).toString('hex');
