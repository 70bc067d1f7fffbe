import { describe, expect, it } from '@jest/globals';
import { services } from '../services.mjs';
import { listenHost, portClashes, portOf, portTable, serviceEnvironment } from './environment.mjs';

const service = (name: string) => services.find((known) => known.name === name)!;

describe('the port table', () => {
  it('has the documented ports and the variable that changes each', () => {
    const table = portTable(services, { environment: {} });
    expect(table.map(({ service, port, variable }) => `${service} ${port} ${variable}`)).toEqual([
      'gateway 3000 GATEWAY_PORT',
      'preferences 3001 PREFERENCES_PORT',
      'template-renderer 3002 TEMPLATE_RENDERER_PORT',
      'inbox 3003 INBOX_PORT',
      'email-sender 3004 EMAIL_SENDER_PORT',
      'sms-sender 3005 SMS_SENDER_PORT',
      'scheduler 3006 SCHEDULER_PORT',
      'mailbox 8025 MAILBOX_HTTP_PORT',
      'mailbox 1025 MAILBOX_SMTP_PORT',
    ]);
  });

  it('shifts as a whole with --port', () => {
    const table = portTable(services, { port: 4000, environment: {} });
    expect([portOf(table, 'gateway'), portOf(table, 'scheduler')]).toEqual([4000, 4006]);
    expect([portOf(table, 'mailbox'), portOf(table, 'mailbox', 'smtp')]).toEqual([9025, 2025]);
  });

  it('lets a variable win over --port', () => {
    const table = portTable(services, { port: 4000, environment: { INBOX_PORT: '7000' } });
    expect([portOf(table, 'gateway'), portOf(table, 'inbox')]).toEqual([4000, 7000]);
  });

  it('names the variable that is not a port', () => {
    expect(() => portTable(services, { environment: { INBOX_PORT: 'inbox' } })).toThrow(
      'INBOX_PORT: "inbox" is not a port',
    );
  });

  it('names what --port pushes out of range', () => {
    expect(() => portTable(services, { port: 64_000, environment: {} })).toThrow('MAILBOX_HTTP_PORT: "69025"');
  });

  it('tells which two were given the same port', () => {
    const table = portTable(services, { environment: { INBOX_PORT: '3001' } });
    expect(portClashes(table).map((pair) => pair.map(({ variable }) => variable))).toEqual([
      ['PREFERENCES_PORT', 'INBOX_PORT'],
    ]);
  });
});

describe("a service's environment", () => {
  const addresses = {
    gatewayUrl: 'http://127.0.0.1:3000',
    mailboxUrl: 'http://127.0.0.1:8025',
    mailboxPort: 8025,
    smtpPort: 1025,
    host: '127.0.0.1',
    apiKey: 'ck_development',
  };
  const suite = (environment: Record<string, string> = {}) => ({
    addresses,
    port: 3004,
    databaseUrl: 'postgres://carillon_email_sender:derived@127.0.0.1:5432/carillon',
    amqpUrl: 'amqp://guest:guest@127.0.0.1:5672',
    secret: 'secret',
    compileCache: '/cache',
    environment,
  });

  it("has the service's own database role, never the admin's", () => {
    const environment = serviceEnvironment(
      service('email-sender'),
      suite({ DATABASE_URL: 'postgres://admin:all@db/carillon' }),
    );
    expect(environment.DATABASE_URL).toBe(suite().databaseUrl);
  });

  it('has no database at all where the service owns none', () => {
    const environment = serviceEnvironment(service('mailbox'), {
      ...suite({ DATABASE_URL: 'postgres://admin:all@db/carillon' }),
      databaseUrl: undefined,
    });
    expect(environment).not.toHaveProperty('DATABASE_URL');
  });

  it('sends email and SMS to the mailbox unless the user says otherwise', () => {
    expect(serviceEnvironment(service('email-sender'), suite()).SMTP_URL).toBe('smtp://127.0.0.1:1025');
    expect(serviceEnvironment(service('sms-sender'), suite()).AFRICASTALKING_URL).toBe('http://127.0.0.1:8025');
    const own = serviceEnvironment(service('email-sender'), suite({ SMTP_URL: 'smtp://mail.example.com' }));
    expect(own.SMTP_URL).toBe('smtp://mail.example.com');
  });

  it('ignores a PORT that was meant for something else', () => {
    expect(serviceEnvironment(service('email-sender'), suite({ PORT: '8080' })).PORT).toBe('3004');
  });

  it('gives the development key to the gateway alone', () => {
    expect(serviceEnvironment(service('gateway'), suite()).DEV_API_KEY).toBe('ck_development');
    expect(serviceEnvironment(service('inbox'), suite())).not.toHaveProperty('DEV_API_KEY');
  });

  it.each([
    ['0.0.0.0', '0.0.0.0'],
    ['::1', '::1'],
    ['x86_64-conda-linux-gnu', '127.0.0.1'],
    ['', '127.0.0.1'],
  ])('with HOST=%j listens on %s', (host, expected) => {
    expect(listenHost({ HOST: host })).toBe(expected);
  });
});
