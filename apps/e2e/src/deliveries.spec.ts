import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '@carillon/testing';
import { Client } from './client.ts';
import { startSuite, type Suite } from './suite.ts';

const secret = 'end-to-end-webhooks-only';
/** Emails that one sender may have in its hands at once. */
const concurrency = 20;

describe('deliveries', () => {
  let suite: Suite;
  let client: Client;

  beforeAll(async () => {
    suite = await startSuite({
      SEND_TIMEOUT_MS: '1000',
      SEND_CONCURRENCY: String(concurrency),
      RETRY_DELAYS: '1,1,1',
      AFRICASTALKING_WEBHOOK_SECRET: secret,
      BOUNCE_WEBHOOK_SECRET: secret,
    });
    client = new Client(suite);
  }, 120_000);
  afterAll(() => suite?.close(), 60_000);

  const detail = async (channel: 'email' | 'sms', id: string) =>
    (await client.call('GET', `/v1/admin/deliveries/${channel}/${id}`)).json;
  async function webhook(path: string, type: string, body: string): Promise<number> {
    const answer = await fetch(`${suite.url}/webhooks/${path}`, {
      method: 'POST',
      headers: { 'content-type': type },
      body,
    });
    return answer.status;
  }
  const post = async (event: object) => {
    const answer = await client.call('POST', '/v1/events', event);
    if (answer.status !== 202) throw new Error(JSON.stringify(answer.json));
    return answer.json.notifications[0].id as string;
  };
  const report = (members: Record<string, string>) =>
    webhook(
      `africastalking/${secret}/reports`,
      'application/x-www-form-urlencoded',
      new URLSearchParams(members).toString(),
    );

  it('of 1,000 notifications queued at once are all sent and logged, none twice, with the sender killed in the middle', async () => {
    const count = 1_000;
    const people = Array.from({ length: 10 }, (_, n) => `load-${n}`);
    for (const id of people) await client.recipient(id, { email: `${id}@example.org` });
    const events = Array.from({ length: count }, (_, n) => ({
      type: 'payment_received',
      recipients: [people[n % people.length]],
      channels: ['email'],
      data: { amount: n, currency: 'KES', reference: `REF-${n}.` },
    }));
    const { status } = await client.call('POST', '/v1/events/bulk', { events });
    expect(status).toBe(200);

    const mails = async () =>
      (await Promise.all(people.map((id) => client.mailbox(`${id}@example.org`, 'email')))).flat();
    await until('a part is sent', async () => (await mails()).length > count / 10, { timeoutMs: 60_000 });
    const victim = suite.processes.find(({ name }) => name === 'email-sender')!;
    await victim.kill();
    expect((await mails()).length).toBeLessThan(count);
    await suite.start('email-sender');

    const stats = async () => (await client.call('GET', '/v1/admin/deliveries/email/stats?type=payment_received')).json;
    await until(
      'all are logged as sent',
      async () => {
        const { by_status } = await stats();
        if (by_status.sent !== count) throw new Error(JSON.stringify(by_status));
        return true;
      },
      { timeoutMs: 120_000 },
    );
    expect(await stats()).toMatchObject({ total: count, by_status: { sent: count } });
    const arrived = await mails();
    const references = new Set(arrived.map(({ text }) => /REF-\d+\./.exec(text)?.[0]));
    expect(references.size).toBe(count);
    // Whether a mail that the sender had in its hands arrived, nobody can know: it is sent again as the very same message.
    const messages = new Set(arrived.map(({ headers }) => headers['message-id']));
    expect(messages.size).toBe(count);
    expect(arrived.length - count).toBeLessThanOrEqual(concurrency);
  }, 240_000);

  it('show what the provider reports later, in the log and in the trace', async () => {
    await client.recipient('late', { phone: '+254711000777' });
    const notification = await post({
      type: 'payment_received',
      recipients: ['late'],
      channels: ['sms'],
      data: { amount: 10, currency: 'KES', reference: 'LATE' },
    });
    const { id, provider_message_id } = await client.delivery('sms', { notification_id: notification, status: 'sent' });
    expect(await report({ id: provider_message_id, status: 'Buffered', phoneNumber: '+254711000777' })).toBe(204);
    expect(await report({ id: provider_message_id, status: 'Success', phoneNumber: '+254711000777' })).toBe(204);
    await client.delivery('sms', { notification_id: notification, status: 'delivered' });
    const delivery = await detail('sms', id);
    expect(delivery.receipts.map(({ says }: { says: string }) => says).sort()).toEqual(['accepted', 'delivered']);
    const { json: trace } = await client.call('GET', `/v1/notifications/${notification}/trace`);
    expect(trace.deliveries[0]).toMatchObject({ id, status: 'delivered', receipts: [{}, {}] });
  }, 60_000);

  it('to an address that bounced for good are not even decided any more, until an admin lifts it', async () => {
    const token = await client.recipient('gone', { email: 'gone@example.org' });
    expect(token).toBeTruthy();
    const event = {
      type: 'payment_received',
      recipients: ['gone'],
      channels: ['email'],
      data: { amount: 10, currency: 'KES', reference: 'GONE' },
    };
    const first = await post(event);
    await client.delivery('email', { notification_id: first, status: 'sent' });
    const [mail] = await client.mailbox('gone@example.org', 'email');
    const bounce = [
      'From: mailer-daemon@example.org',
      'MIME-Version: 1.0',
      'Content-Type: multipart/report; report-type=delivery-status; boundary=b',
      '',
      '--b',
      'Content-Type: message/delivery-status',
      '',
      'Reporting-MTA: dns; mx.example.org',
      '',
      'Final-Recipient: rfc822; gone@example.org',
      'Action: failed',
      'Status: 5.1.1',
      '',
      '--b',
      'Content-Type: text/rfc822-headers',
      '',
      `Message-ID: ${mail!.headers['message-id']}`,
      '',
      '--b--',
      '',
    ].join('\r\n');
    expect(await webhook(`bounces/${secret}`, 'message/rfc822', bounce)).toBe(204);
    await client.delivery('email', {
      notification_id: first,
      status: 'failed',
      failure: 'permanent',
      error_code: '5.1.1',
    });
    const suppression = await until('the address is suppressed', async () => {
      const { json } = await client.call('GET', '/v1/admin/suppressions?q=gone@example.org');
      return json.data[0];
    });
    expect(suppression).toMatchObject({ channel: 'email', reason: 'hard_bounce', created_by: 'smtp' });

    const second = await post(event);
    const ruling = await until('it is decided', async () => {
      const { json } = await client.call('GET', `/v1/notifications/${second}/trace`);
      return json.decision?.find(({ channel }: { channel: string }) => channel === 'email');
    });
    expect(JSON.stringify(ruling)).toMatch(/suppress/);
    await client.call('DELETE', '/v1/admin/suppressions/email/gone%40example.org');
    const third = await post(event);
    await client.delivery('email', { notification_id: third, status: 'sent' });
    expect((await client.call('GET', `/v1/admin/deliveries/email?notification_id=${second}`)).json.data).toEqual([]);
  }, 60_000);
});
