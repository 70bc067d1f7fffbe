import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '@carillon/testing';
import { Client } from './client.ts';
import { apiKey, startSuite, type Suite } from './suite.ts';

describe('the street', () => {
  let suite: Suite;
  let client: Client;

  beforeAll(async () => {
    suite = await startSuite({ RETRY_DELAYS: '1,1,1' });
    client = new Client(suite);
  }, 90_000);

  afterAll(() => suite.close(), 60_000);

  const invoice = { invoice_number: 'INV-1001', amount: 12500, currency: 'KES', due_date: '2026-12-01' };

  describe('one event in, real deliveries out', () => {
    it('takes a CloudEvent of any AMQP client to the inbox, to a mailbox over SMTP and to a phone over HTTP', async () => {
      const token = await client.recipient('amina', {
        name: 'Amina Otieno',
        email: 'amina@example.org',
        phone: '+254711000111',
      });
      client.publish('invoice.issued', {
        specversion: '1.0',
        id: 'finance-1',
        source: '/finance',
        type: 'invoice.issued',
        data: { recipient_id: 'amina', ...invoice },
      });

      const [email, sms, inApp] = await Promise.all([
        client.arrived('amina@example.org', 'email'),
        client.arrived('+254711000111', 'sms'),
        until(
          'the notification is in the inbox',
          async () => (await client.call('GET', '/v1/notifications', undefined, token)).json.data[0],
        ),
      ]);
      expect(email.subject).toContain('INV-1001');
      expect(email.text).toContain('12,500.00');
      expect(email.html).toContain('INV-1001');
      expect(sms.text).toContain('INV-1001');
      expect(inApp).toMatchObject({
        type: 'invoice_issued',
        category: 'billing',
        priority: 'normal',
        status: 'unread',
        read: false,
      });

      for (const channel of ['email', 'sms'] as const) {
        const { id } = await client.delivery(channel, { notification_id: inApp.id }, ({ status }) => status === 'sent');
        const { json } = await client.call('GET', `/v1/admin/deliveries/${channel}/${id}`);
        expect(json).toMatchObject({ status: 'sent', retries: 0, attempts: [{ number: 1, outcome: 'accepted' }] });
        expect(json.provider_message_id).toBeTruthy();
      }

      const { json: trace } = await client.call('GET', `/v1/notifications/${inApp.id}/trace`);
      expect(trace.notification).toMatchObject({
        event_type: 'invoice.issued',
        event_source: '/finance',
        recipient: 'amina',
      });
      expect(trace.decision.map(({ channel, outcome, rule }: any) => [channel, outcome, rule])).toEqual([
        ['in_app', 'send', 'catalog_default'],
        ['email', 'send', 'catalog_default'],
        ['sms', 'send', 'catalog_default'],
      ]);
      expect(trace.in_app.id).toBe(inApp.id);
      expect(trace.deliveries).toHaveLength(2);
    });

    it('does the same for POST /v1/events, and the ids it answers with are the ones that arrive', async () => {
      const token = await client.recipient('juma', { name: 'Juma', email: 'juma@example.org', phone: '+254711000222' });
      const { status, json } = await client.call('POST', '/v1/events', {
        type: 'invoice_issued',
        recipients: ['juma'],
        data: invoice,
      });
      expect(status).toBe(202);
      expect(json).toMatchObject({ notifications: [{ recipient: 'juma' }] });
      const { id } = json.notifications[0];
      await client.arrived('juma@example.org', 'email');
      await client.arrived('+254711000222', 'sms');
      const inApp = await until('it is in the inbox', async () => {
        const answer = await client.call('GET', `/v1/notifications/${id}`, undefined, token);
        return answer.status === 200 && answer.json;
      });
      expect(inApp.id).toBe(id);
      expect((await client.call('GET', `/v1/events/${json.id}`)).json).toMatchObject({
        status: 'decided',
        notifications: 1,
        deliveries: { in_app: 1, email: 1, sms: 1 },
      });
    });

    it('sends a repeated event once', async () => {
      const token = await client.recipient('once', { email: 'once@example.org' });
      const event = {
        specversion: '1.0',
        id: 'repeat-1',
        source: '/finance',
        type: 'payment.received',
        data: { recipient_id: 'once', amount: 5, currency: 'USD', reference: 'R1' },
      };
      for (let copy = 0; copy < 5; copy += 1) client.publish('payment.received', event);
      await client.arrived('once@example.org', 'email');
      // A later event of the same recipient passes the same queues; once it is through, the copies were too.
      client.publish('payment.received', { ...event, id: 'repeat-2', data: { ...event.data, reference: 'R2' } });
      await until('the later one arrived', async () => (await client.mailbox('once@example.org', 'email')).length >= 2);
      const { json } = await client.call('GET', '/v1/notifications', undefined, token);
      expect(json.data).toHaveLength(2);
      const subjects = (await client.mailbox('once@example.org', 'email')).map(({ text }) => text.includes('R1'));
      expect(subjects.filter(Boolean)).toHaveLength(1);
    });

    it('delivers words that the event brings itself, escaped where they are hostile', async () => {
      const token = await client.recipient('adhoc', { email: 'adhoc@example.org' });
      const { json } = await client.call('POST', '/v1/events', {
        recipients: ['adhoc'],
        channels: ['in_app', 'email'],
        content: {
          title: 'Rooms <b>closed</b>',
          message: 'Use the <script>alert(1)</script> annex',
          link: 'https://example.org/annex',
        },
      });
      const email = await client.arrived('adhoc@example.org', 'email');
      expect(email.subject).toBe('Rooms <b>closed</b>');
      expect(email.html).not.toContain('<script>alert');
      const { json: inApp } = await client.call(
        'GET',
        `/v1/notifications/${json.notifications[0].id}`,
        undefined,
        token,
      );
      expect(inApp).toMatchObject({
        category: 'system',
        message: 'Use the <script>alert(1)</script> annex',
        link: 'https://example.org/annex',
      });
    });

    it('keeps an event until its send_at and then sends it', async () => {
      const token = await client.recipient('later', { email: 'later@example.org' });
      const sendAt = new Date(Date.now() + 2_500);
      const { json } = await client.call('POST', '/v1/events', {
        type: 'welcome',
        recipients: ['later'],
        send_at: sendAt.toISOString(),
      });
      await until(
        'it is scheduled',
        async () => (await client.call('GET', `/v1/events/${json.id}`)).json.status === 'scheduled',
      );
      expect((await client.call('GET', '/v1/notifications', undefined, token)).json.data).toEqual([]);
      await client.arrived('later@example.org', 'email');
      expect(Date.now()).toBeGreaterThanOrEqual(sendAt.getTime());
      const { json: list } = await client.call('GET', '/v1/notifications', undefined, token);
      expect(list.data[0].id).toBe(json.notifications[0].id);
      await until(
        'it counts as decided',
        async () => (await client.call('GET', `/v1/events/${json.id}`)).json.status === 'decided',
      );
    });

    it('takes many events in one call, each accepted or refused by itself', async () => {
      const token = await client.recipient('many', { name: 'Many' });
      const good = (number: number) => ({
        recipients: ['many'],
        content: { title: `Bulk ${number}`, message: 'One of many.' },
      });
      const { status, json } = await client.call('POST', '/v1/events/bulk', {
        events: [good(1), { type: 'no_such_type', recipients: ['many'] }, { recipients: [] }, good(2)],
      });
      expect(status).toBe(200);
      expect(json.results).toMatchObject([
        { status: 202, notifications: [{ recipient: 'many' }] },
        { status: 422, code: 'unknown_type', errors: [{ path: 'type' }] },
        {
          status: 400,
          code: 'invalid_body',
          errors: expect.arrayContaining([{ path: 'recipients', message: 'name at least one recipient' }]),
        },
        { status: 202 },
      ]);
      await until('both are in the inbox', async () => {
        const { json: list } = await client.call('GET', '/v1/notifications', undefined, token);
        return list.data.length === 2;
      });
      expect((await client.call('POST', '/v1/events/bulk', { events: [] })).status).toBe(400);
    });

    it('obeys a recipient who switched a channel off, and says so', async () => {
      const token = await client.recipient('quiet', { email: 'quiet@example.org', phone: '+254711000333' });
      const patched = await client.call('PATCH', '/v1/preferences', { categories: { billing: { sms: false } } }, token);
      expect(patched).toMatchObject({ status: 200, json: { categories: { billing: { sms: false } } } });
      const { json } = await client.call('POST', '/v1/events', {
        type: 'invoice_issued',
        recipients: ['quiet'],
        data: invoice,
      });
      await client.arrived('quiet@example.org', 'email');
      const { json: trace } = await client.call('GET', `/v1/notifications/${json.notifications[0].id}/trace`);
      expect(trace.decision).toContainEqual({
        channel: 'sms',
        outcome: 'drop',
        rule: 'category_preference',
        reason: 'quiet switched billing by sms off',
        inputs: expect.objectContaining({ category_preference: false, type_preference: null }),
      });
      expect(await client.mailbox('+254711000333')).toEqual([]);
    });
  });

  describe('honest outcomes', () => {
    it('tries again after a temporary failure, each attempt logged', async () => {
      await client.recipient('retry', { email: 'fails-twice@retry.example.org' });
      await client.call('POST', '/v1/events', { type: 'welcome', recipients: ['retry'] });
      await client.arrived('fails-twice@retry.example.org', 'email');
      const { id } = await client.delivery('email', { recipient: 'retry' }, ({ status }) => status === 'sent');
      const { json } = await client.call('GET', `/v1/admin/deliveries/email/${id}`);
      expect(json.attempts.map(({ outcome }: any) => outcome)).toEqual(['retryable', 'retryable', 'accepted']);
      expect(json.attempts[0].error).toContain('451');
      expect(json.retries).toBe(2);
    });

    it('does not try again after a permanent failure, and an admin can', async () => {
      await client.recipient('gone', { email: 'permanent-failure@example.org', phone: '+15005550001' });
      await client.call('POST', '/v1/events', {
        type: 'password_reset',
        recipients: ['gone'],
        data: { code: '123456', expires_in_minutes: 10 },
      });
      for (const channel of ['email', 'sms'] as const) {
        const failed = await client.delivery(channel, { recipient: 'gone' }, ({ status }) => status === 'failed');
        expect(failed).toMatchObject({ retries: 0, error: expect.any(String) });
        const retried = await client.call('POST', `/v1/admin/deliveries/${channel}/${failed.id}/retry`);
        expect(retried.status).toBe(202);
        await until('the second attempt is logged', async () => {
          const { json } = await client.call('GET', `/v1/admin/deliveries/${channel}/${failed.id}`);
          return json.status === 'failed' && json.attempts.length === 2;
        });
      }
    });
  });

  describe('bad input', () => {
    const parked = (reason: string) =>
      until(`a dead letter says: ${reason}`, async () => {
        const { json } = await client.call('GET', '/v1/admin/dead-letters?limit=100');
        return (json.data as any[]).find(({ error }) => error.includes(reason));
      });

    it('answers the API’s mistakes with a 4xx that names the field and the cure', async () => {
      await client.recipient('nocontact');
      const cases: [unknown, number, string][] = [
        [{ type: 'no_such_type', recipients: ['amina'] }, 422, 'unknown_type'],
        [{ type: 'welcome', recipients: ['nobody-here'] }, 422, 'unknown_recipient'],
        [{ type: 'welcome', recipients: ['nocontact'], channels: ['email'] }, 422, 'unreachable_recipient'],
        [{ recipients: ['amina'] }, 400, 'invalid_body'],
        [[], 400, 'invalid_body'],
      ];
      for (const [body, status, code] of cases) {
        const answer = await client.call('POST', '/v1/events', body);
        expect([answer.status, answer.json.code]).toEqual([status, code]);
        expect(answer.json.errors.length).toBeGreaterThan(0);
      }
    });

    it('parks AMQP’s mistakes with the reason, and what was mended can be replayed', async () => {
      client.publish('x', 'this is not JSON');
      client.publish('x', { specversion: '1.0', type: 'invoice.issued', data: {} });
      client.publish('x', {
        specversion: '1.0',
        id: 'u1',
        source: '/f',
        type: 'no.such',
        data: { recipient_id: 'amina' },
      });
      client.publish('x', {
        specversion: '1.0',
        id: 'u2',
        source: '/f',
        type: 'user.registered',
        data: { recipient_id: 'newcomer' },
      });
      await parked('the body is not JSON');
      await parked('not a valid CloudEvent 1.0: id');
      await parked('"no.such" is not in the catalog');
      const letter = await parked('"newcomer" is unknown');

      const token = await client.recipient('newcomer', { email: 'newcomer@example.org' });
      expect((await client.call('POST', `/v1/admin/dead-letters/${letter.id}/replay`)).status).toBe(202);
      await client.arrived('newcomer@example.org', 'email');
      expect((await client.call('GET', '/v1/notifications/unread-count', undefined, token)).json).toEqual({ count: 1 });
    });

    it('parks a notification whose template misses a value, naming it, and still delivers nothing half-worded', async () => {
      await client.recipient('missing', { email: 'missing@example.org' });
      client.publish('invoice.issued', {
        specversion: '1.0',
        id: 'm1',
        source: '/f',
        type: 'invoice.issued',
        data: { recipient_id: 'missing', amount: 1, currency: 'KES', due_date: '2026-12-01' },
      });
      await parked('invoice_number');
      expect(await client.mailbox('missing@example.org')).toEqual([]);
    });
  });

  describe('isolation', () => {
    it('shows a recipient nothing of another', async () => {
      const mine = await client.recipient('mine', {});
      const theirs = await client.recipient('theirs', {});
      const { json } = await client.call('POST', '/v1/events', {
        recipients: ['theirs'],
        content: { title: 'Secret', message: 'Only for them' },
      });
      const { id } = json.notifications[0];
      await until(
        'it is theirs',
        async () => (await client.call('GET', `/v1/notifications/${id}`, undefined, theirs)).status === 200,
      );
      for (const [method, path] of [
        ['GET', ''],
        ['POST', '/read'],
        ['POST', '/unread'],
      ] as const) {
        expect((await client.call(method, `/v1/notifications/${id}${path}`, undefined, mine)).status).toBe(404);
      }
      expect((await client.call('GET', '/v1/notifications', undefined, mine)).json.data).toEqual([]);
      await client.call('POST', '/v1/notifications/read-all', undefined, mine);
      expect((await client.call('GET', '/v1/notifications/unread-count', undefined, theirs)).json).toEqual({
        count: 1,
      });
    });
  });

  it('stops cleanly: every service drains and ends with 0 on SIGTERM', async () => {
    expect(apiKey).toMatch(/^ck_/);
    const codes = await Promise.all(suite.processes.map(async (process) => [process.name, await process.stop()]));
    expect(codes).toEqual(suite.processes.map(({ name }) => [name, 0]));
  });
});
