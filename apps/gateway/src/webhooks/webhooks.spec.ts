import { createHmac, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  freshId,
  receipts,
  suppressionAsked,
  type CloudEvent,
  type Receipt,
  type SuppressionAsked,
} from '@carillon/contracts';
import { cuttableProxy, servers, startTestService, testBroker, until, type TestService } from '@carillon/testing';
import { service as smsSender } from '../../../sms-sender/src/service.ts';
import { service } from '../service.ts';
import { SignedTokens } from './mailgun/signed-tokens.ts';
import { twilioSignature } from './twilio/signature.ts';

const settings = {
  PUBLIC_URL: 'https://notify.example.org',
  DEV_API_KEY: 'ck_webhooks-tests-only-0123456789',
  TWILIO_AUTH_TOKEN: 'the auth token of twilio',
  AFRICASTALKING_WEBHOOK_SECRET: 'a-secret-of-africas-talking',
  MAILGUN_WEBHOOK_SIGNING_KEY: 'the signing key of mailgun',
  BOUNCE_WEBHOOK_SECRET: 'a-secret-of-the-mail-server',
};
const someSid = () => `SM${randomBytes(16).toString('hex')}`;

describe('the webhooks of providers', () => {
  let test: TestService;
  let sms: CloudEvent<Receipt>[];
  let email: CloudEvent<Receipt>[];
  let asked: CloudEvent<SuppressionAsked>[];
  beforeAll(async () => {
    test = await startTestService(service, settings);
    [sms, email, asked] = [
      await test.broker.capture(receipts.sms),
      await test.broker.capture(receipts.email),
      await test.broker.capture(suppressionAsked),
    ];
  });
  afterAll(() => test?.close());

  async function post(path: string, body: string | Buffer, headers: Record<string, string>, url = test.running.url) {
    const answer = await fetch(url + path, { method: 'POST', body: new Uint8Array(Buffer.from(body)), headers });
    const text = await answer.text();
    return {
      status: answer.status,
      text,
      type: answer.headers.get('content-type'),
      code: text.startsWith('{') ? (JSON.parse(text) as { code: string }).code : undefined,
    };
  }
  const form = (members: Record<string, string>) => new URLSearchParams(members).toString();
  const formType = { 'content-type': 'application/x-www-form-urlencoded' };
  /** What was published since; waits until there is as much as is expected. */
  async function published<T>(events: CloudEvent<T>[], find: (event: CloudEvent<T>) => boolean, count = 1) {
    return until(`${count} published`, () => {
      const found = events.filter(find);
      if (found.length < count) throw new Error(`${found.length} published`);
      return found;
    });
  }

  describe('of Twilio', () => {
    const signed = (path: string, members: Record<string, string>, token = settings.TWILIO_AUTH_TOKEN) =>
      post(path, form(members), {
        ...formType,
        'x-twilio-signature': twilioSignature(token, settings.PUBLIC_URL + path, members),
      });
    const of = (sid: string) => (event: CloudEvent<Receipt>) => event.data.provider_message_id === sid;

    it('are signed as Twilio’s own documentation says', () => {
      const members = {
        CallSid: 'CA1234567890ABCDE',
        Caller: '+14158675309',
        Digits: '1234',
        From: '+14158675309',
        To: '+18005551212',
      };
      expect(twilioSignature('12345', 'https://mycompany.com/myapp.php?foo=1&bar=2', members)).toBe(
        'RSOYDt4T1cUTdK1PDd93/VVr8B8=',
      );
    });

    it('put a receipt on the street, confirmed, for the delivery that the URL names', async () => {
      const [sid, delivery] = [someSid(), freshId()];
      const path = `/webhooks/twilio/status?tenant=school&delivery=${delivery}`;
      const members = { MessageSid: sid, MessageStatus: 'delivered', To: '+254711000111', AccountSid: 'AC1' };
      expect(await signed(path, members)).toMatchObject({ status: 204, text: '' });
      const [event] = await published(sms, of(sid));
      expect(event).toMatchObject({
        tenant: 'school',
        id: `twilio ${sid} delivered`,
        data: {
          provider: 'twilio',
          tenant: 'school',
          delivery_id: delivery,
          says: 'delivered',
          contact_fault: null,
          error: null,
        },
      });
      expect(JSON.stringify(event)).not.toContain('254711000111');
    });

    it.each([
      ['sent', undefined, { says: 'accepted' }],
      ['read', undefined, { says: 'delivered' }],
      ['undelivered', '30003', { says: 'undelivered', contact_fault: null, error_code: '30003' }],
      ['undelivered', '30005', { says: 'rejected', contact_fault: 'hard_bounce', error_code: '30005' }],
      ['failed', '30007', { says: 'rejected', contact_fault: null }],
      ['failed', undefined, { says: 'undelivered', error: 'Twilio: failed', error_code: null }],
    ])('understand %s with error %s', async (MessageStatus, ErrorCode, expected) => {
      const sid = someSid();
      const members = { MessageSid: sid, MessageStatus, ...(ErrorCode && { ErrorCode }) };
      expect(await signed('/webhooks/twilio/status', members)).toMatchObject({ status: 204 });
      const [event] = await published(sms, of(sid));
      expect(event!.data).toMatchObject({ tenant: null, delivery_id: null, ...expected });
    });

    it('have the same id when Twilio asks again, and nothing to say of what is still on its way', async () => {
      const sid = someSid();
      for (const MessageStatus of ['queued', 'sending', 'delivered', 'delivered'])
        expect((await signed('/webhooks/twilio/status', { MessageSid: sid, MessageStatus })).status).toBe(204);
      const events = await published(sms, of(sid), 2);
      expect(events.map(({ id }) => id)).toEqual(Array(2).fill(`twilio ${sid} delivered`));
    });

    it('that are forged are refused and go nowhere', async () => {
      const sid = someSid();
      const path = '/webhooks/twilio/status?tenant=school';
      const members = { MessageSid: sid, MessageStatus: 'delivered' };
      const genuine = twilioSignature(settings.TWILIO_AUTH_TOKEN, settings.PUBLIC_URL + path, members);
      const headers = (signature?: string) => ({ ...formType, ...(signature && { 'x-twilio-signature': signature }) });
      const attempts = [
        await post(path, form(members), headers()),
        await post(path, form(members), headers('AAAA')),
        await signed(path, members, 'another token'),
        await post(path, form({ ...members, MessageStatus: 'failed' }), headers(genuine)),
        await post('/webhooks/twilio/status?tenant=shop', form(members), headers(genuine)),
      ];
      expect(attempts.map(({ status, code }) => [status, code])).toEqual(Array(5).fill([403, 'forged_webhook']));
      const known = someSid();
      await signed(path, { MessageSid: known, MessageStatus: 'delivered' });
      await published(sms, of(known));
      expect(sms.filter(of(sid))).toEqual([]);
    });

    it('name what is wrong in a genuine request that cannot be', async () => {
      expect(await signed('/webhooks/twilio/status', { MessageStatus: 'sent' })).toMatchObject({ status: 400 });
      expect(await signed('/webhooks/twilio/status?delivery=x', {})).toMatchObject({
        status: 400,
        code: 'invalid_query',
      });
    });

    it.each([
      ['Stop', true],
      ['« arrêt. »', true],
      ['  acha ', true],
      ['START', false],
      ['jiunge!', false],
    ])('forward “%s”, by which a person opts out or in', async (Body, suppress) => {
      const [sid, From] = [someSid(), `+2547${randomBytes(4).readUInt32BE() % 1e8}`.padEnd(13, '0')];
      const answer = await signed('/webhooks/twilio/inbound?tenant=school', {
        MessageSid: sid,
        From,
        To: '22141',
        Body,
      });
      expect(answer).toMatchObject({ status: 200, type: expect.stringContaining('text/xml') });
      expect(answer.text).toMatch(/<Response\/>$/);
      const [event] = await published(asked, ({ data }) => data.address === From);
      expect(event).toMatchObject({
        tenant: 'school',
        id: `twilio ${sid}`,
        data: { channel: 'sms', suppress, reason: 'unsubscribed', by: 'twilio' },
      });
    });

    it('forward every other message in vain, and believe Twilio’s own reading of it', async () => {
      const [talking, said] = ['+254711000001', '+254711000002'];
      await signed('/webhooks/twilio/inbound', {
        MessageSid: someSid(),
        From: talking,
        Body: 'Please stop by at five',
      });
      await signed('/webhooks/twilio/inbound', {
        MessageSid: someSid(),
        From: said,
        Body: 'nitoke',
        OptOutType: 'STOP',
      });
      await published(asked, ({ data }) => data.address === said);
      expect(asked.filter(({ data }) => data.address === talking)).toEqual([]);
    });
  });

  describe('of providers that a tenant has configured', () => {
    let behind: TestService;
    beforeAll(async () => {
      const env = { SMS_PROVIDER: 'custom', CUSTOM_SMS_URL: 'http://127.0.0.1:9/sms' };
      behind = await startTestService(smsSender, env, { broker: test.broker });
    });
    afterAll(() => behind?.close());

    async function configure(name: string, provider: object): Promise<void> {
      const answer = await fetch(`${test.running.url}/v1/admin/providers/sms/${name}`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${settings.DEV_API_KEY}`, 'content-type': 'application/json' },
        body: JSON.stringify(provider),
      });
      expect([200, 201]).toContain(answer.status);
    }

    it('are known by the tenant’s own secret, and say nothing of other tenants', async () => {
      const auth_token = 'the token of the tenant';
      await configure('own-twilio', {
        kind: 'twilio',
        settings: { account_sid: `AC${'0'.repeat(32)}`, from: '+15005550006' },
        secrets: { auth_token },
        enabled: false,
      });
      const [sid, delivery] = [someSid(), freshId()];
      const members = { MessageSid: sid, MessageStatus: 'delivered' };
      const call = (path: string, token: string) =>
        post(path, form(members), {
          ...formType,
          'x-twilio-signature': twilioSignature(token, settings.PUBLIC_URL + path, members),
        });
      const path = `/webhooks/twilio/status?tenant=default&delivery=${delivery}&provider=own-twilio`;
      expect(await call(path, settings.TWILIO_AUTH_TOKEN)).toMatchObject({ status: 403 });
      expect(await call(path, auth_token)).toMatchObject({ status: 204 });
      const [event] = await published(sms, ({ data }) => data.provider_message_id === sid);
      expect(event!.data).toMatchObject({ tenant: 'default', delivery_id: delivery, provider: 'own-twilio' });
      for (const other of ['tenant=shop&provider=own-twilio', 'tenant=default&provider=none', 'provider=own-twilio'])
        expect(await call(`/webhooks/twilio/status?${other}`, auth_token)).toMatchObject({
          status: 404,
          code: 'webhook_not_configured',
        });
    });

    it('need a secret for their webhooks where the vendor signs nothing', async () => {
      const secret = 'a-secret-of-the-tenant-only';
      const provider = { kind: 'africastalking', settings: { username: 'school' }, enabled: false };
      await configure('own-at', { ...provider, secrets: { api_key: 'atsk_0123456789', webhook_secret: secret } });
      await configure('mute-at', { ...provider, secrets: { api_key: 'atsk_0123456789' } });
      const id = `ATXid_${freshId()}`;
      const call = (given: string, name: string) =>
        post(
          `/webhooks/africastalking/${given}/reports?tenant=default&provider=${name}`,
          form({ id, status: 'Success' }),
          formType,
        );
      expect(await call(settings.AFRICASTALKING_WEBHOOK_SECRET, 'own-at')).toMatchObject({ status: 403 });
      expect(await call(secret, 'mute-at')).toMatchObject({ status: 404 });
      expect(await call(secret, 'own-at')).toMatchObject({ status: 204 });
      const [event] = await published(sms, ({ data }) => data.provider_message_id === id);
      expect(event!.data).toMatchObject({ tenant: 'default', provider: 'own-at' });
    });
  });

  describe('of Africa’s Talking', () => {
    const base = `/webhooks/africastalking/${settings.AFRICASTALKING_WEBHOOK_SECRET}`;

    it.each([
      ['Success', undefined, { says: 'delivered', error: null }],
      ['Buffered', undefined, { says: 'accepted' }],
      [
        'Failed',
        'UserDoesNotExist',
        { says: 'rejected', contact_fault: 'hard_bounce', error_code: 'UserDoesNotExist' },
      ],
      ['Failed', 'UserIsInactive', { says: 'undelivered', contact_fault: null }],
      ['Rejected', 'something +254711000111', { says: 'rejected', error: 'Africa’s Talking: Rejected' }],
      ['AbsentSubscriber', undefined, { says: 'undelivered', error_code: 'AbsentSubscriber' }],
    ])('understand %s with %s', async (status, failureReason, expected) => {
      const id = `ATXid_${freshId()}`;
      const members = { id, status, phoneNumber: '+254711000111', ...(failureReason && { failureReason }) };
      expect(await post(`${base}/reports`, form(members), formType)).toMatchObject({ status: 204 });
      const [event] = await published(sms, ({ data }) => data.provider_message_id === id);
      expect(event!.data).toMatchObject({ provider: 'africastalking', tenant: null, ...expected });
      expect(JSON.stringify(event)).not.toContain('254711000111');
    });

    it('forward who opts out', async () => {
      const members = { id: freshId(), from: '+254711000003', to: '22141', text: 'STOP' };
      expect(await post(`${base}/inbound?tenant=shop`, form(members), formType)).toMatchObject({ status: 204 });
      const [event] = await published(asked, ({ data }) => data.address === members.from);
      expect(event).toMatchObject({ tenant: 'shop', data: { suppress: true, note: 'STOP', by: 'africastalking' } });
    });

    it('are refused without the secret', async () => {
      const answer = await post(
        '/webhooks/africastalking/another-secret/reports',
        form({ id: 'x', status: 'Success' }),
        formType,
      );
      expect(answer).toMatchObject({ status: 403, code: 'forged_webhook' });
    });
  });

  describe('of Mailgun', () => {
    const seconds = () => Math.floor(Date.now() / 1000);
    function envelope(
      event: object,
      { at = seconds(), token = freshId(), key = settings.MAILGUN_WEBHOOK_SIGNING_KEY } = {},
    ) {
      const signature = createHmac('sha256', key).update(`${at}${token}`).digest('hex');
      return { signature: { timestamp: String(at), token, signature }, 'event-data': event };
    }
    const send = (body: object) =>
      post('/webhooks/mailgun/events', JSON.stringify(body), { 'content-type': 'application/json' });
    const eventOf = (changes: object) => ({
      id: freshId(),
      event: 'delivered',
      timestamp: 1_795_253_400.25,
      recipient: 'amina@example.org',
      message: { headers: { 'message-id': `${freshId()}@mail.example.org` } },
      ...changes,
    });

    it.each([
      ['delivered', {}, { says: 'delivered' }],
      ['accepted', {}, { says: 'accepted' }],
      ['complained', {}, { says: 'complained', contact_fault: 'complaint' }],
      [
        'failed',
        {
          severity: 'permanent',
          reason: 'bounce',
          'delivery-status': { code: 550, 'enhanced-code': '5.1.1', message: 'amina@ unknown' },
        },
        { says: 'rejected', contact_fault: 'hard_bounce', error: 'Mailgun: bounce 5.1.1', error_code: '5.1.1' },
      ],
      [
        'failed',
        { severity: 'permanent', reason: 'suppress-complaint' },
        { says: 'rejected', contact_fault: 'complaint' },
      ],
      [
        'failed',
        { severity: 'permanent', reason: 'old', 'delivery-status': { code: 602 } },
        { says: 'undelivered', error_code: '602' },
      ],
      ['failed', { severity: 'permanent', reason: 'espblock' }, { says: 'rejected', contact_fault: null }],
    ])('understand %s with %j', async (event, changes, expected) => {
      const body = eventOf({ event, ...changes });
      expect(await send(envelope(body))).toMatchObject({ status: 204 });
      const [told] = await published(email, ({ id }) => id === `mailgun ${body.id}`);
      expect(told!.data).toMatchObject({
        provider: 'mailgun',
        provider_message_id: `<${body.message.headers['message-id']}>`,
        at: '2026-11-21T09:30:00.250Z',
        ...expected,
      });
      expect(JSON.stringify(told)).not.toContain('amina');
    });

    it('name the delivery where it travelled along', async () => {
      const delivery_id = freshId();
      const body = eventOf({ 'user-variables': { tenant: 'school', delivery_id } });
      await send(envelope(body));
      const [told] = await published(email, ({ id }) => id === `mailgun ${body.id}`);
      expect(told).toMatchObject({ tenant: 'school', data: { tenant: 'school', delivery_id } });
    });

    it('say nothing while Mailgun still tries, or of opens and clicks', async () => {
      const events = [{ event: 'failed', severity: 'temporary' }, { event: 'opened' }, { event: 'clicked' }].map(
        eventOf,
      );
      for (const event of events) expect((await send(envelope(event))).status).toBe(204);
      const known = eventOf({});
      await send(envelope(known));
      await published(email, ({ id }) => id === `mailgun ${known.id}`);
      for (const { id } of events) expect(email.some((told) => told.id === `mailgun ${id}`)).toBe(false);
    });

    it('that are forged, too old or from the future are refused', async () => {
      const event = eventOf({});
      const attempts = [
        await send(envelope(event, { key: 'another key' })),
        await send(envelope(event, { at: seconds() - 13 * 3600 })),
        await send(envelope(event, { at: seconds() + 13 * 3600 })),
      ];
      expect(attempts.map(({ status, code }) => [status, code])).toEqual(Array(3).fill([403, 'forged_webhook']));
      const { signature } = envelope(event);
      expect(await send({ signature: { ...signature, token: 'other' }, 'event-data': event })).toMatchObject({
        status: 403,
      });
    });

    it('may come again with the same signature, which fits no other event', async () => {
      const genuine = envelope(eventOf({}));
      expect((await send(genuine)).status).toBe(204);
      expect((await send(genuine)).status).toBe(204);
      const events = await published(
        email,
        ({ id }) => id === `mailgun ${(genuine['event-data'] as { id: string }).id}`,
        2,
      );
      expect(events).toHaveLength(2);
      const stolen = { ...genuine, 'event-data': eventOf({ event: 'complained' }) };
      expect(await send(stolen)).toMatchObject({ status: 403, code: 'forged_webhook' });
    });

    it('leave their signatures for a day only', async () => {
      await send(envelope(eventOf({})));
      await test.database.query(`UPDATE gateway.signed_tokens SET used_at = now() - interval '25 hours'`);
      await test.running.app.get(SignedTokens).forget();
      expect(await test.database.query('SELECT 1 FROM gateway.signed_tokens')).toEqual([]);
    });
  });

  describe('of mail servers', () => {
    const path = `/webhooks/bounces/${settings.BOUNCE_WEBHOOK_SECRET}`;
    const mail = { 'content-type': 'message/rfc822' };
    function bounce(fields: string, messageId: string, quoted = 'message/rfc822'): string {
      return [
        'From: Mail Delivery System <mailer-daemon@mx.example.org>',
        'To: bounces@notify.example.org',
        'Subject: Undelivered Mail Returned to Sender',
        'Date: Sat, 21 Nov 2026 09:31:00 +0000',
        `Message-ID: <${freshId()}@mx.example.org>`,
        'MIME-Version: 1.0',
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b1"',
        '',
        '--b1',
        'Content-Type: text/plain; charset=utf-8',
        '',
        'I could not deliver your message to <amina@example.org>.',
        '--b1',
        'Content-Type: message/delivery-status',
        '',
        'Reporting-MTA: dns; mx.example.org',
        'Arrival-Date: Sat, 21 Nov 2026 09:30:00 +0000',
        '',
        'Final-Recipient: rfc822; amina@example.org',
        fields,
        'Diagnostic-Code: smtp; 550 5.1.1 <amina@example.org>:',
        ' Recipient address rejected',
        '',
        '--b1',
        `Content-Type: ${quoted}`,
        '',
        'From: School <no-reply@notify.example.org>',
        `Message-ID:`,
        ` ${messageId}`,
        'Subject: Invoice',
        '',
        ...(quoted === 'message/rfc822' ? ['Dear Amina'] : []),
        '--b1--',
        '',
      ].join('\r\n');
    }
    const of = (messageId: string) => (event: CloudEvent<Receipt>) => event.data.provider_message_id === messageId;

    it.each([
      [
        'Action: failed\r\nStatus: 5.1.1',
        'message/rfc822',
        { says: 'rejected', contact_fault: 'hard_bounce', error: 'SMTP 5.1.1 the mailbox does not exist' },
      ],
      [
        'Action: failed\r\nStatus: 5.7.1 (policy)',
        'text/rfc822-headers',
        { says: 'rejected', contact_fault: null, error_code: '5.7.1' },
      ],
      ['Action: failed\r\nStatus: 5.2.2', 'message/rfc822', { says: 'undelivered', contact_fault: null }],
      ['Action: failed\r\nStatus: 4.4.7', 'message/rfc822', { says: 'undelivered', contact_fault: null }],
      ['ACTION: Delivered\r\nStatus: 2.0.0', 'text/rfc822-headers', { says: 'delivered', error: null }],
    ])('understand %j with %s', async (fields, quoted, expected) => {
      const messageId = `<${freshId()}@notify.example.org>`;
      expect(await post(path, bounce(fields, messageId, quoted), mail)).toMatchObject({ status: 204 });
      const [told] = await published(email, of(messageId));
      expect(told!.data).toMatchObject({ provider: 'smtp', at: '2026-11-21T09:31:00.000Z', ...expected });
      expect(JSON.stringify(told)).not.toContain('amina');
    });

    it('have the same id when they are posted again', async () => {
      const messageId = `<${freshId()}@notify.example.org>`;
      const text = bounce('Action: failed\r\nStatus: 5.1.1', messageId);
      await post(path, text, mail);
      await post(path, text, mail);
      const [one, other] = await published(email, of(messageId), 2);
      expect(one!.id).toBe(other!.id);
    });

    it('understand complaints', async () => {
      const messageId = `<${freshId()}@notify.example.org>`;
      const complaint = bounce('', messageId)
        .replace('report-type=delivery-status', 'report-type=feedback-report')
        .replace(
          'Content-Type: message/delivery-status\r\n\r\n',
          'Content-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\n',
        );
      await post(path, complaint, mail);
      const [told] = await published(email, of(messageId));
      expect(told!.data).toMatchObject({ says: 'complained', contact_fault: 'complaint' });
    });

    it('pass over delays, people’s answers and what is no email', async () => {
      const messageId = `<${freshId()}@notify.example.org>`;
      const answers = [
        await post(path, bounce('Action: delayed\r\nStatus: 4.4.1', messageId), mail),
        await post(path, `From: a@example.org\r\nIn-Reply-To: ${messageId}\r\nSubject: Away\r\n\r\nI am away`, mail),
        await post(path, randomBytes(2_000), mail),
      ];
      expect(answers.map(({ status }) => status)).toEqual([204, 204, 204]);
      const known = `<${freshId()}@notify.example.org>`;
      await post(path, bounce('Action: failed\r\nStatus: 5.1.1', known), mail);
      await published(email, of(known));
      expect(email.filter(of(messageId))).toEqual([]);
    });

    it('are refused without the secret, in another form, and anywhere else', async () => {
      const text = bounce('Action: failed\r\nStatus: 5.1.1', '<x@y>');
      expect(await post('/webhooks/bounces/another-secret', text, mail)).toMatchObject({ status: 403 });
      expect(await post(path, '{}', { 'content-type': 'application/json' })).toMatchObject({ status: 415 });
      expect(await post('/v1/events', text, mail)).toMatchObject({ status: 415 });
    });
  });

  it('answer that they are not configured where a key or secret is missing', async () => {
    const other = await startTestService(service);
    try {
      const paths = [
        'twilio/status',
        'twilio/inbound',
        'africastalking/x/reports',
        'africastalking/x/inbound',
        'bounces/x',
      ];
      for (const path of paths)
        expect(await post(`/webhooks/${path}`, form({ a: 'b' }), formType, other.running.url)).toMatchObject({
          status: 404,
          code: 'webhook_not_configured',
        });
    } finally {
      await other.close();
    }
  });

  it('answer 503 while RabbitMQ is away, so that the provider asks again', async () => {
    const proxy = await cuttableProxy(servers.amqpUrl);
    const broker = await testBroker();
    const other = await startTestService(service, { ...settings, AMQP_URL: proxy.url }, { broker });
    try {
      proxy.cut();
      const path = `/webhooks/africastalking/${settings.AFRICASTALKING_WEBHOOK_SECRET}/reports`;
      const answer = await post(path, form({ id: 'ATXid_1', status: 'Success' }), formType, other.running.url);
      expect(answer.status).toBe(503);
    } finally {
      proxy.restore();
      await other.close();
      await proxy.close();
      await broker.close();
    }
  }, 60_000);
});
