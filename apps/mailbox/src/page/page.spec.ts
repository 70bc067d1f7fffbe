import { describe, expect, it } from '@jest/globals';
import { createTransport } from 'nodemailer';
import { SIMULATED_ADDRESSES, SIMULATED_NUMBERS } from '../mailbox.ts';
import { afterwards, runningMailbox } from '../testing/running-mailbox.ts';

describe('The page', () => {
  it('lists every simulated recipient', async () => {
    const { httpUrl } = await runningMailbox();
    const html = await (await fetch(httpUrl)).text();
    for (const { localPart } of SIMULATED_ADDRESSES) expect(html).toContain(`<code>${localPart}@…</code>`);
    for (const { number } of SIMULATED_NUMBERS) expect(html).toContain(`<code>${number}</code>`);
  });

  it('loads nothing from elsewhere', async () => {
    const { httpUrl } = await runningMailbox();
    const page = await fetch(httpUrl);
    expect(page.headers.get('content-security-policy')).toMatch(
      /default-src 'none'; script-src 'self'; style-src 'self'/,
    );
    const sources = [...(await page.text()).matchAll(/(?:src|href)="([^"]+)"/g)].map(([, source]) => source ?? '');
    expect(sources.filter((source) => !source.startsWith('data:'))).toEqual(['/mailbox.css', '/mailbox.js']);
  });

  it('sends its script as one function that runs by itself', async () => {
    const { httpUrl } = await runningMailbox();
    const answer = await fetch(`${httpUrl}/mailbox.js`);
    expect(answer.headers.get('content-type')).toContain('text/javascript');
    const script = await answer.text();
    expect(() => new Function(script)).not.toThrow();
    expect(script).not.toMatch(/innerHTML|insertAdjacentHTML|document\.write/);
  });
});

describe('The HTML of an email', () => {
  it('is served without scripts, forms or remote content; images on request', async () => {
    const mailbox = await runningMailbox();
    const transport = createTransport({ host: '127.0.0.1', port: mailbox.smtpPort });
    afterwards(async () => transport.close());
    await transport.sendMail({
      from: 'a@x.example',
      to: 'b@x.example',
      subject: 'x',
      html: '<!doctype html><html><head><title>x</title></head><body><script>alert(1)</script><p>Hello</p></body></html>',
    });
    const url = `${mailbox.httpUrl}/api/messages/${mailbox.messages()[0]?.id}/html`;

    const plain = await fetch(url);
    const policy = plain.headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/^sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'/);
    expect(policy).toContain('img-src data:;');
    expect(policy).not.toMatch(/allow-scripts|allow-same-origin|script-src/);
    expect(await plain.text()).toMatch(/^<!doctype html><html><head><base target="_blank">/);

    const withImages = await fetch(`${url}?images=true`);
    expect(withImages.headers.get('content-security-policy')).toContain('img-src data: http: https:');
  });
});
