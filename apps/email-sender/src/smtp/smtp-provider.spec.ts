import type { Message, SendOutcome } from '@carillon/delivery';
import { OutboundGuard } from '@carillon/service';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { EmailContent } from '../email-content.ts';
import { parseMailFrom } from './mail-from.ts';
import { SmtpProvider } from './smtp-provider.ts';
import { SmtpDouble, type Answer, type Step } from '../../testing/smtp-double.ts';

const message: Message<EmailContent> = {
  tenant: 'school',
  deliveryId: '019aa5e5-8f00-8c00-8000-000000000003',
  to: { address: 'amina@example.org', name: 'Amina Otieno' },
  content: { subject: 'Rechnung für März', html: '<p>Ein Brief</p>', text: 'Ein Brief' },
};

let server: SmtpDouble;
let provider: SmtpProvider;

function connect(url = server.url): SmtpProvider {
  return new SmtpProvider({ server: url, from: parseMailFrom('School <no-reply@school.example>')!, connections: 1 });
}

beforeEach(async () => {
  server = await SmtpDouble.start();
  provider = connect();
});
afterEach(async () => {
  provider.close();
  await server.close();
});

const send = (timeoutMs = 10_000): Promise<SendOutcome> => provider.send(message, AbortSignal.timeout(timeoutMs));

describe('The SMTP provider', () => {
  it('hands over the message with a Message-ID made of the delivery’s id, marked as sent by a machine', async () => {
    expect(await send()).toEqual({
      kind: 'accepted',
      providerMessageId: '<019aa5e5-8f00-8c00-8000-000000000003@school.example>',
    });
    const [mail] = server.received;
    expect(mail).toMatchObject({
      from: 'no-reply@school.example',
      to: 'amina@example.org',
      headers: {
        from: 'School <no-reply@school.example>',
        to: 'Amina Otieno <amina@example.org>',
        subject: '=?UTF-8?Q?Rechnung_f=C3=BCr_M=C3=A4rz?=',
        'message-id': '<019aa5e5-8f00-8c00-8000-000000000003@school.example>',
        'auto-submitted': 'auto-generated',
      },
    });
    expect(mail!.headers['content-type']).toMatch(/^multipart\/alternative/);
    expect(mail!.raw).toContain('<p>Ein Brief</p>');
    expect(mail!.headers).not.toHaveProperty('x-mailer');
  });

  it('sends dots at the beginning of lines as they are, also one alone, which would end the message', async () => {
    const text = 'Dear Amina\n.\n..\n.notify.example\nBye';
    await provider.send({ ...message, content: { ...message.content, text } }, AbortSignal.timeout(10_000));
    expect(server.received[0]!.raw).toContain(text.replaceAll('\n', '\r\n'));
  });

  it('sends one message after the other over the same connection', async () => {
    await send();
    await send();
    expect([server.received.length, server.connections]).toEqual([2, 1]);
  });

  it('logs in where the URL says so', async () => {
    server.credentials = { user: 'school', password: 'p@ss' };
    provider = connect(`smtp://school:p%40ss@127.0.0.1:${server.port}`);
    expect(await send()).toMatchObject({ kind: 'accepted' });
  });

  it('takes refused credentials for our own fault, to be mended and tried again', async () => {
    server.credentials = { user: 'school', password: 'other' };
    provider = connect(`smtp://school:p%40ss@127.0.0.1:${server.port}`);
    expect(await send()).toEqual({
      kind: 'retryable',
      technical: true,
      error: 'SMTP 535 5.7.8 (AUTH PLAIN): the credentials are not accepted',
      code: '5.7.8',
    });
  });

  it.each<[string, Step, Answer, SendOutcome]>([
    [
      'no such mailbox',
      'RCPT',
      '550 5.1.1 <amina@example.org> unknown',
      { kind: 'permanent', technical: false, error: 'SMTP 550 5.1.1 (RCPT TO): no such mailbox', code: '5.1.1' },
    ],
    [
      'a sender that may not send',
      'MAIL',
      '553 5.1.8 no',
      {
        kind: 'permanent',
        technical: true,
        error: 'SMTP 553 5.1.8 (MAIL FROM): the sender’s domain is not accepted',
        code: '5.1.8',
      },
    ],
    [
      'a message refused for good',
      'message',
      '554 5.7.1 spam',
      {
        kind: 'permanent',
        technical: false,
        error: 'SMTP 554 5.7.1 (DATA): refused by the server’s policy',
        code: '5.7.1',
      },
    ],
    [
      'a full mailbox',
      'RCPT',
      '452 4.2.2 full',
      { kind: 'retryable', recipient: true, error: 'SMTP 452 4.2.2 (RCPT TO): the mailbox is full', code: '4.2.2' },
    ],
    [
      'greylisting',
      'RCPT',
      '450 4.7.1 come back later',
      {
        kind: 'retryable',
        recipient: true,
        error: 'SMTP 450 4.7.1 (RCPT TO): refused by the server’s policy',
        code: '4.7.1',
      },
    ],
    [
      'a message refused for now',
      'message',
      '451 4.3.2 later',
      { kind: 'retryable', error: 'SMTP 451 4.3.2 (DATA): the server takes no mail at the moment', code: '4.3.2' },
    ],
    [
      'a busy server',
      'RCPT',
      '450 4.2.1 sending rate exceeded, slow down',
      { kind: 'throttled', error: 'SMTP 450 4.2.1 (RCPT TO): the server asks for fewer messages', code: '4.2.1' },
    ],
    [
      'too many messages',
      'message',
      '421 4.7.28 unusual rate',
      { kind: 'throttled', error: 'SMTP 421 4.7.28 (DATA): the server asks for fewer messages', code: '4.7.28' },
    ],
    [
      'a server that refuses the connection',
      'greeting',
      '554 5.3.2 go away',
      { kind: 'retryable', error: 'SMTP 554 5.3.2: the server takes no mail at the moment', code: '5.3.2' },
    ],
  ])('reports %s', async (_what, step, answer, outcome) => {
    server.answers[step] = answer;
    expect(await send()).toEqual(outcome);
  });

  it('never repeats the address that the server put into its answer', async () => {
    server.answers.RCPT = '550 amina@example.org: unknown';
    expect(JSON.stringify(await send())).not.toContain('amina');
  });

  it.each<[string, Answer]>([
    ['cut', { fault: 'reset' }],
    ['silent', { fault: 'silence' }],
  ])('does not know what became of a message when the line is %s after it was handed over', async (_what, fault) => {
    server.answers.message = fault;
    expect(await send(500)).toMatchObject({ kind: 'uncertain' });
  });

  it.each<[Step, Answer]>([
    ['greeting', { fault: 'silence' }],
    ['RCPT', { fault: 'silence' }],
    ['RCPT', { fault: 'reset' }],
  ])('knows that nothing was sent when the line is lost at %s', async (step, fault) => {
    server.answers[step] = fault;
    expect(await send(500)).toMatchObject({ kind: 'retryable' });
  });

  it('knows that nothing was sent when no server is there', async () => {
    await server.close();
    expect(await send()).toEqual({
      kind: 'retryable',
      technical: false,
      error: 'SMTP connection lost or refused (ECONNREFUSED)',
      code: 'ECONNREFUSED',
    });
  });

  it('knows that a message which waited too long for a connection was not sent', async () => {
    server.answers.message = { fault: 'silence' };
    const [first, second] = await Promise.all([send(600), send(300)]);
    expect([first.kind, second.kind]).toEqual(['uncertain', 'retryable']);
  });

  it('goes on after a refused message', async () => {
    server.answers.RCPT = '550 5.1.1 no';
    await send();
    server.answers = {};
    expect(await send()).toMatchObject({ kind: 'accepted' });
  });

  it('refuses an address that would break out of the envelope', async () => {
    const outcome = await provider.send(
      { ...message, to: { name: null, address: 'a@example.org>\r\nRCPT TO:<b@example.org' } },
      AbortSignal.timeout(2000),
    );
    expect(server.received.filter(({ to }) => to.includes('b@'))).toEqual([]);
    expect(outcome.kind).not.toBe('uncertain');
  });
});

describe('An SMTP server that a tenant names', () => {
  const guard = new OutboundGuard((address) => ['127.0.0.1', '::1'].includes(address));
  const named = (changes: { guard?: OutboundGuard; user?: string; password?: string } = {}) =>
    new SmtpProvider({
      name: 'school-mail',
      server: { host: 'localhost', port: server.port, tls: 'opportunistic', guard, ...changes },
      from: parseMailFrom('no-reply@school.example')!,
      connections: 1,
    });

  it('is reached at an address that was checked, with its credentials', async () => {
    server.credentials = { user: 'school', password: 'p@ss' };
    provider = named({ user: 'school', password: 'p@ss' });
    expect(provider.name).toBe('school-mail');
    expect(await send()).toMatchObject({ kind: 'accepted' });
    expect(await provider.check()).toEqual({ ok: true, detail: 'the server lets us in' });
  });

  it('is not connected to inside the network', async () => {
    provider = named({ guard: new OutboundGuard() });
    expect(await send()).toMatchObject({ kind: 'retryable', technical: true, code: 'EFORBIDDEN' });
    expect((await provider.check()).ok).toBe(false);
    expect(server.connections).toBe(0);
  });

  it('says when it does not take the credentials', async () => {
    server.credentials = { user: 'school', password: 'other' };
    provider = named({ user: 'school', password: 'p@ss' });
    expect(await provider.check()).toEqual({
      ok: false,
      detail: 'SMTP 535 5.7.8 (AUTH PLAIN): the credentials are not accepted',
    });
  });
});

describe('MAIL_FROM', () => {
  it('is one address, with or without a name', () => {
    expect(parseMailFrom('no-reply@example.org')).toEqual({
      name: '',
      address: 'no-reply@example.org',
      domain: 'example.org',
    });
    expect(parseMailFrom('"A, B" <x@localhost>')).toMatchObject({ name: 'A, B', domain: 'localhost' });
  });
  it.each(['nobody', 'a@b.org, c@d.org', '<@example.org>', ''])('is not %j', (text) => {
    expect(parseMailFrom(text)).toBeUndefined();
  });
});
