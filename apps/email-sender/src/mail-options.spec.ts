import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import PostalMime, { type Email } from 'postal-mime';
import { SmtpDouble, type ReceivedMail } from '../testing/smtp-double.ts';
import type { EmailContent } from './email-content.ts';
import { parseMailFrom } from './smtp/mail-from.ts';
import { SmtpProvider } from './smtp/smtp-provider.ts';

let server: SmtpDouble;
let provider: SmtpProvider;

beforeAll(async () => {
  server = await SmtpDouble.start();
  const from = parseMailFrom('School <no-reply@school.example>')!;
  provider = new SmtpProvider({ server: server.url, from, connections: 1 });
});
afterAll(async () => {
  provider.close();
  await server.close();
});

const words = {
  subject: 'S',
  html: '<body><a href="https://school.example/i/7?a=1&amp;b=2">Pay</a></body>',
  text: 'Pay <https://school.example/i/7?a=1&b=2>',
};

async function arrived(content: Partial<EmailContent>): Promise<{ mail: Email; received: ReceivedMail }> {
  const to = { address: 'amina@example.org', name: 'Amina Otieno' };
  const message = {
    tenant: 'school',
    deliveryId: '019aa5e5-8f00-8c00-8000-000000000003',
    to,
    content: { ...words, ...content },
  };
  expect(await provider.send(message, AbortSignal.timeout(10_000))).toMatchObject({ kind: 'accepted' });
  const received = server.received.at(-1)!;
  return { mail: await PostalMime.parse(received.raw), received };
}

describe('An email as it arrives', () => {
  it('says where answers go', async () => {
    const { mail } = await arrived({ reply_to: 'office@school.example' });
    expect(mail.replyTo).toEqual([{ address: 'office@school.example', name: '' }]);
    expect((await arrived({})).mail.replyTo).toBeUndefined();
  });

  it('brings its files, byte for byte and with names in any language', async () => {
    const bytes = Buffer.from(Array.from({ length: 5_000 }, (_, index) => index % 256));
    const { mail } = await arrived({
      attachments: [
        { filename: 'Rechnung “März”; 2026.pdf', content_type: 'application/pdf', content: bytes.toString('base64') },
        { filename: 'risiti.txt', content_type: 'text/plain', content: Buffer.from('Asante.').toString('base64') },
      ],
    });
    expect(mail.attachments.map(({ filename, mimeType, disposition }) => [filename, mimeType, disposition])).toEqual([
      ['Rechnung “März”; 2026.pdf', 'application/pdf', 'attachment'],
      ['risiti.txt', 'text/plain', 'attachment'],
    ]);
    expect(Buffer.from(mail.attachments[0]!.content as ArrayBuffer).equals(bytes)).toBe(true);
    expect(Buffer.from(mail.attachments[1]!.content as ArrayBuffer).toString()).toBe('Asante.');
    expect(mail.html).toContain('Pay');
    expect(mail.text).toContain('Pay');
  });

  it('lets mail programs unsubscribe with one click, whatever the length of the link', async () => {
    const url = `https://notify.example/u/${'x'.repeat(300)}`;
    const { received } = await arrived({ unsubscribe_url: url });
    expect(received.headers['list-unsubscribe']).toBe(`<${url}>`);
    expect(received.headers['list-unsubscribe-post']).toBe('List-Unsubscribe=One-Click');
    const without = await arrived({});
    expect(Object.keys(without.received.headers).filter((name) => name.startsWith('list-'))).toEqual([]);
  });

  it('leads over the gateway only where that is counted, and never in its text', async () => {
    const by = { opens: 'https://notify.example/o/T.gif', clicks: 'https://notify.example/c/T' };
    const { mail } = await arrived({ tracked_by: by });
    expect(mail.html).toContain('<a href="https://notify.example/c/T.0">Pay</a>');
    expect(mail.html).toContain('<img src="https://notify.example/o/T.gif" width="1" height="1" alt=""');
    expect(mail.text!.trim()).toBe(words.text);
    expect((await arrived({})).mail.html!.trim()).toBe(words.html);
  });
});
