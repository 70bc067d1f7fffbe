import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  deliveryOutcomes,
  emailRendered,
  freshId,
  getDelivery,
  type CloudEvent,
  type DeliveryChanged,
  type EmailRendered,
} from '@carillon/contracts';
import { readConfig } from '@carillon/service';
import { startTestService, until, type TestService } from '@carillon/testing';
import { SmtpDouble } from '../testing/smtp-double.ts';
import { config } from './config.ts';
import { providersOf } from './provider.ts';
import { service } from './service.ts';

const rendered = (): EmailRendered => ({
  ...emailRendered.example,
  delivery_id: freshId(),
  notification_id: freshId(),
});

describe('The email sender', () => {
  let smtp: SmtpDouble;
  let running: TestService;
  let sent: CloudEvent<DeliveryChanged>[];
  let failed: CloudEvent<DeliveryChanged>[];

  beforeAll(async () => {
    smtp = await SmtpDouble.start();
    running = await startTestService(service, {
      SMTP_URL: smtp.url,
      MAIL_FROM: 'School <no-reply@school.example>',
      SMTP_CONNECTIONS: '2',
    });
    sent = await running.broker.capture(deliveryOutcomes.sent);
    failed = await running.broker.capture(deliveryOutcomes.failed);
  });
  afterAll(async () => {
    await running?.close();
    await smtp?.close();
  });

  const publish = (item: EmailRendered) =>
    running.messages.publish(emailRendered, item, { id: item.delivery_id, tenant: 'school' });
  const idsOf = (events: CloudEvent<DeliveryChanged>[]) => events.map(({ data }) => data.delivery_id);

  it('brings a rendered email over SMTP and logs it', async () => {
    const item = rendered();
    await publish(item);
    await until('it is sent', () => idsOf(sent).includes(item.delivery_id));
    const messageId = `<${item.delivery_id}@school.example>`;
    expect(smtp.received.at(-1)).toMatchObject({
      to: item.to.address,
      headers: { subject: item.subject, 'message-id': messageId, to: 'Amina Otieno <amina@example.org>' },
    });
    expect(
      await running.messages.call(getDelivery, { tenant: 'school', channel: 'email', id: item.delivery_id }),
    ).toMatchObject({
      status: 'sent',
      channel: 'email',
      destination: 'amina@example.org',
      provider: 'smtp',
      provider_message_id: messageId,
      content: { subject: item.subject, text: item.text, html: item.html },
    });
  });

  it('sends more at once than it has connections', async () => {
    const before = smtp.connections;
    const items = Array.from({ length: 60 }, rendered);
    await Promise.all(items.map(publish));
    await until('all are sent', () => items.every(({ delivery_id }) => idsOf(sent).includes(delivery_id)));
    expect(new Set(smtp.received.map(({ headers }) => headers['message-id'])).size).toBe(smtp.received.length);
    expect(smtp.connections - before).toBeLessThanOrEqual(2);
  });

  it('fails an email that the server refuses, without telling the address', async () => {
    smtp.answers.RCPT = '550 5.1.1 <amina@example.org>: user unknown';
    const item = rendered();
    await publish(item);
    await until('it failed', () => idsOf(failed).includes(item.delivery_id));
    smtp.answers = {};
    const fact = failed.find(({ data }) => data.delivery_id === item.delivery_id);
    expect(fact!.data.error).toBe('SMTP 550 5.1.1 (RCPT TO): no such mailbox');
    expect(JSON.stringify(fact)).not.toContain('amina');
  });

  it('counts attempts by provider and outcome', async () => {
    const metrics = await (await fetch(`${running.running.url}/metrics`)).text();
    expect(metrics).toMatch(
      /carillon_delivery_attempts_total\{channel="email",provider="smtp",outcome="accepted"\} \d+/,
    );
    expect(metrics).toContain('carillon_delivery_attempt_seconds_bucket');
  });
});

describe('The environment of the email sender', () => {
  const common = {
    DATABASE_URL: 'postgres://x@127.0.0.1/x',
    AMQP_URL: 'amqp://127.0.0.1',
    CARILLON_SECRET: 'x'.repeat(32),
  };
  it.each<[Record<string, string>, RegExp]>([
    [{}, /EMAIL_PROVIDER names smtp, which needs SMTP_URL: not set/],
    [
      { EMAIL_PROVIDER: 'mailgun,ses' },
      /EMAIL_PROVIDER names mailgun, which needs MAILGUN_DOMAIN, MAILGUN_API_KEY: not set/,
    ],
    [{ SMTP_URL: 'https://user:hunter2@mail' }, /SMTP_URL must be smtp:\/\/host:port/],
    [{ SMTP_URL: 'smtp://mail', MAIL_FROM: 'nobody' }, /MAIL_FROM must be one address/],
    [{ SMTP_URL: 'smtp://mail', EMAIL_PROVIDER: 'pigeon' }, /EMAIL_PROVIDER/],
    [{ SMTP_URL: 'smtp://mail', RETRY_DELAYS: 'soon' }, /RETRY_DELAYS must be at most 20 delays/],
  ])('%j is refused by name', (env, message) => {
    expect(() => providersOf(readConfig(config, { ...common, ...env }))).toThrow(message);
    expect(() => readConfig(config, { ...common, ...env })).not.toThrow(/hunter2/);
  });
});
