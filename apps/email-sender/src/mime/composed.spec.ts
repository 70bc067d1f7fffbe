import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import MailComposer from 'nodemailer/lib/mail-composer';
import PostalMime from 'postal-mime';
import { mailOf } from '../mail-options.ts';
import { composed } from './composed.ts';
import { quotedPrintable } from './quoted-printable.ts';

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 400 }),
  fc.string({ unit: 'binary', maxLength: 400 }),
  fc.string({ unit: 'grapheme-ascii', maxLength: 400 }),
  fc
    .array(
      fc.constantFrom(' ', '\t', '\r', '\n', '\r\n', '=', '.', 'é', '😀', 'a', 'From ', 'x'.repeat(75), 'ا'.repeat(30)),
    )
    .map((parts) => parts.join('')),
);
const withCrLf = (given: string) => given.replaceAll(/\r?\n/g, '\r\n');

describe('quoted-printable', () => {
  const decoded = (encoded: string) =>
    Buffer.from(
      encoded
        .replaceAll('=\r\n', '')
        .replaceAll(/=([\dA-F]{2})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 16))),
      'latin1',
    ).toString();

  it('says the same after decoding, in short ASCII lines without space at their ends', () => {
    fc.assert(
      fc.property(text, (given) => {
        const encoded = quotedPrintable(given);
        expect(decoded(encoded)).toBe(withCrLf(Buffer.from(given).toString()));
        for (const line of encoded.split('\r\n')) expect(line).toMatch(/^(|[\t\x20-\x7e]{0,75}[\x21-\x7e])$/);
      }),
      { numRuns: 500 },
    );
  });

  it('keeps a character of several bytes in one line', () => {
    for (let before = 60; before < 80; before += 1) {
      const lines = quotedPrintable(`${'a'.repeat(before)}😀é`).split('=\r\n');
      expect(lines.map((line) => decoded(line)).join('')).toBe(`${'a'.repeat(before)}😀é`);
      for (const line of lines) expect(decoded(line)).not.toContain('�');
    }
  });
});

describe('A composed email', () => {
  const from = { name: 'Schule “Grün”', address: 'no-reply@school.example', domain: 'school.example' };
  const mail = fc
    .record({
      subject: fc.string({ unit: 'grapheme', maxLength: 200 }).map((words) => `S${words}`),
      html: text.map((words) => `H${words}`),
      text: text.map((words) => `T${words}`),
      name: fc.option(fc.string({ unit: 'grapheme', maxLength: 60 })),
      reply_to: fc.option(fc.constantFrom('office@school.example', 'büro@schule.example'), { nil: undefined }),
      unsubscribe_url: fc.option(fc.webUrl(), { nil: undefined }),
    })
    .map(({ name, ...content }) =>
      mailOf(
        {
          tenant: 'school',
          deliveryId: '019aa5e5-8f00-8c00-8000-000000000003',
          to: { address: 'amina@example.org', name },
          content,
        },
        from,
      ),
    );

  it('says what nodemailer would say', async () => {
    const read = async (raw: Buffer) => {
      const { headers, headerLines: _ordered, ...rest } = await PostalMime.parse(raw);
      const told = headers.filter(({ key }) => !['content-type', 'date'].includes(key));
      return { ...rest, date: undefined, headers: new Set(told.map(({ key, value }) => `${key}: ${value}`)) };
    };
    await fc.assert(
      fc.asyncProperty(mail, async (given) => {
        const ours = composed(given)!;
        // Lines as SMTP sends them: nodemailer's own text may have bare line feeds until then.
        const theirs = withCrLf((await new MailComposer({ ...given }).compile().build()).toString('latin1'));
        const [read1, read2] = [await read(ours), await read(Buffer.from(theirs, 'latin1'))];
        // Carriage returns that end no line are for the property above to hold: nodemailer leaves some unencoded.
        const trimmed = ({ html, text: words, ...others }: typeof read1) => ({
          ...others,
          html: html?.replaceAll('\r', '').trimEnd(),
          text: words?.replaceAll('\r', '').trimEnd(),
        });
        expect(trimmed(read1)).toEqual(trimmed(read2));
        for (const line of ours.toString('latin1').split('\r\n')) expect(line.length).toBeLessThanOrEqual(998);
        expect(ours.toString('latin1')).not.toMatch(/\r(?!\n)|(?<!\r)\n/);
      }),
      { numRuns: 200 },
    );
  });

  it('lets nobody add a header', () => {
    const raw = composed(
      mailOf(
        {
          tenant: 'school',
          deliveryId: '019aa5e5-8f00-8c00-8000-000000000003',
          to: { address: 'amina@example.org', name: 'Amina\r\nBcc: all@example.org' },
          content: {
            subject: 'Hi\r\nBcc: all@example.org',
            html: 'x',
            text: 'x',
            reply_to: 'a@example.org\r\nBcc: all@example.org',
          },
        },
        from,
      ),
    )!.toString();
    expect(raw.slice(0, raw.indexOf('\r\n\r\n'))).not.toMatch(/^bcc:/im);
  });

  it('is left to nodemailer when it has files', () => {
    const attachments = [{ filename: 'a.txt', content_type: 'text/plain', content: 'YQ==' }];
    const message = { tenant: 'school', deliveryId: '1', to: { address: 'a@example.org', name: null } };
    const content = { subject: 'S', html: 'x', text: 'x' };
    expect(composed(mailOf({ ...message, content: { ...content, attachments } }, from))).toBeUndefined();
  });
});
