import { describe, expect, it } from '@jest/globals';
import { createTransport, type Transporter } from 'nodemailer';
import type { BounceReport, Mailbox } from '../mailbox.ts';
import { afterwards, callbackReceiver, eventually, runningMailbox } from '../testing/running-mailbox.ts';

const FROM = '"Greenfield School" <office@greenfield.example>';

function client(mailbox: Mailbox, auth?: { user: string; pass: string }): Transporter {
  const transport = createTransport({ host: '127.0.0.1', port: mailbox.smtpPort, secure: false, auth });
  afterwards(async () => transport.close());
  return transport;
}

const mailTo = (to: string | string[]) => ({ from: FROM, to, subject: 'Fees', text: 'They are due.' });

describe('The SMTP server', () => {
  it('keeps subject, text, HTML, sender, recipient, headers and a description of attachments', async () => {
    const mailbox = await runningMailbox();
    await client(mailbox).sendMail({
      ...mailTo('anna@parents.example'),
      subject: 'Gebühren für März 🎒',
      html: '<p>They are <b>due</b>.</p>',
      headers: { 'List-Unsubscribe': '<https://school.example/u/1>', 'X-Tag': ['one', 'two'] },
      attachments: [{ filename: 'invoice.pdf', content: Buffer.alloc(1234), contentType: 'application/pdf' }],
    });

    const [message] = mailbox.messages();
    expect(message).toMatchObject({
      channel: 'email',
      provider: 'smtp',
      to: 'anna@parents.example',
      from: 'office@greenfield.example',
      from_name: 'Greenfield School',
      envelope_from: 'office@greenfield.example',
      subject: 'Gebühren für März 🎒',
      html: expect.stringContaining('<b>due</b>'),
      attachments: [{ filename: 'invoice.pdf', content_type: 'application/pdf', size: 1234 }],
      status: 'accepted',
    });
    expect(message?.text?.trim()).toBe('They are due.');
    expect(message?.headers).toMatchObject({ 'list-unsubscribe': '<https://school.example/u/1>', 'x-tag': 'one\ntwo' });
    expect(message?.provider_message_id).toBe(message?.headers['message-id']);
  });

  it('keeps one message for each envelope recipient, also for those that no header names', async () => {
    const mailbox = await runningMailbox();
    await client(mailbox).sendMail({ ...mailTo(['a@x.example', 'b@x.example']), bcc: 'c@x.example' });
    expect(mailbox.messages().map(({ to }) => to)).toEqual(['c@x.example', 'b@x.example', 'a@x.example']);
  });

  it('accepts any credentials, and none', async () => {
    const mailbox = await runningMailbox();
    await client(mailbox, { user: 'whoever', pass: 'whatever' }).sendMail(mailTo('a@x.example'));
    await client(mailbox).sendMail(mailTo('b@x.example'));
    expect(mailbox.messages()).toHaveLength(2);
  });

  it('refuses a message over the size limit with 552 and keeps nothing of it', async () => {
    const mailbox = await runningMailbox({ maxMessageBytes: 10_000 });
    const large = { ...mailTo('a@x.example'), text: 'x'.repeat(20_000) };
    await expect(client(mailbox).sendMail(large)).rejects.toMatchObject({ responseCode: 552 });
    expect(mailbox.messages()).toEqual([]);
  });
});

describe('Simulated addresses', () => {
  it.each([
    ['temporary-failure', 451],
    ['mailbox-full', 452],
    ['permanent-failure', 550],
    ['refused-content', 554],
  ])('%s@ is refused with %i on every try, on any domain and with a tag', async (localPart, responseCode) => {
    const mailbox = await runningMailbox();
    const transport = client(mailbox);
    for (const to of [
      `${localPart}@x.example`,
      `${localPart.toUpperCase()}+anna@y.example`,
      `${localPart}@x.example`,
    ]) {
      await expect(transport.sendMail(mailTo(to))).rejects.toMatchObject({ responseCode });
    }
    expect(mailbox.messages()).toEqual([]);
    expect(mailbox.refusals()).toHaveLength(3);
    expect(mailbox.refusals()[0]).toMatchObject({
      simulated: localPart,
      answer: expect.stringMatching(`^${responseCode} `),
    });
  });

  it('refuses one recipient of several, and takes the message for the others', async () => {
    const mailbox = await runningMailbox();
    const info = await client(mailbox).sendMail(mailTo(['good@x.example', 'permanent-failure@x.example']));
    expect(info.rejected).toEqual(['permanent-failure@x.example']);
    expect(mailbox.messages().map(({ to }) => to)).toEqual(['good@x.example']);
  });

  it('fails-twice@ accepts the third try, and fails the next message twice again', async () => {
    const mailbox = await runningMailbox();
    const transport = client(mailbox);
    const outcomes: string[] = [];
    for (let attempt = 0; attempt < 6; attempt++) {
      await transport.sendMail(mailTo('fails-twice+a@x.example')).then(
        () => outcomes.push('accepted'),
        () => outcomes.push('refused'),
      );
    }
    expect(outcomes).toEqual(['refused', 'refused', 'accepted', 'refused', 'refused', 'accepted']);
    await expect(transport.sendMail(mailTo('fails-twice+b@x.example'))).rejects.toMatchObject({ responseCode: 451 });
  });

  it('slow@ is accepted, late', async () => {
    const mailbox = await runningMailbox({ slowMs: 300 });
    const started = performance.now();
    await client(mailbox).sendMail(mailTo('slow@x.example'));
    expect(performance.now() - started).toBeGreaterThanOrEqual(290);
  });

  it('no-answer@ takes the message and breaks the connection', async () => {
    const mailbox = await runningMailbox();
    await expect(client(mailbox).sendMail(mailTo('no-answer@x.example'))).rejects.not.toHaveProperty('responseCode');
    expect(mailbox.messages()).toHaveLength(1);
  });

  it('bounce@ is accepted; later a notification is kept for the envelope sender and posted, again when it is refused', async () => {
    const receiver = await callbackReceiver([503]);
    const mailbox = await runningMailbox({ bounceUrl: receiver.url });
    const info = await client(mailbox).sendMail({
      ...mailTo('bounce@x.example'),
      envelope: { from: 'bounces+42@greenfield.example', to: 'bounce@x.example' },
    });

    const [notification] = await eventually(() => {
      const found = mailbox.messages({ to: 'bounces+42@greenfield.example' });
      return found.length > 0 && found;
    });
    expect(notification).toMatchObject({
      envelope_from: '',
      text: expect.stringContaining('Final-Recipient: rfc822; bounce@x.example'),
    });
    expect(notification?.headers).toMatchObject({ 'in-reply-to': info.messageId, 'auto-submitted': 'auto-replied' });
    expect(mailbox.messages({ to: 'bounce@x.example' })[0]?.status).toBe('bounced');

    await eventually(() => receiver.received.length === 2);
    const report = JSON.parse(receiver.received[1]?.body ?? '') as BounceReport;
    expect(report).toMatchObject({
      type: 'bounce',
      final_recipient: 'bounce@x.example',
      status: '5.1.1',
      envelope_from: 'bounces+42@greenfield.example',
      original_message_id: info.messageId,
    });
  });
});
