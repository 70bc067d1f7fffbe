import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '@carillon/testing';
import { Client } from './client.ts';
import { startSuite, type Suite } from './suite.ts';

const publicUrl = 'https://notify.example';
const browser = {
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  accept: 'text/html,*/*;q=0.8',
};

describe('an email after it has arrived', () => {
  let suite: Suite;
  let client: Client;

  beforeAll(async () => {
    suite = await startSuite({ PUBLIC_URL: publicUrl, BRAND_NAME: 'Umoja School' });
    client = new Client(suite);
  }, 90_000);

  afterAll(() => suite.close(), 60_000);

  const send = async (recipient: string, type: string, data: object): Promise<string> => {
    const { status, json } = await client.call('POST', '/v1/events', { type, recipients: [recipient], data });
    expect(status).toBe(202);
    return json.notifications[0].id;
  };
  const payment = { amount: 10, currency: 'KES', reference: 'R-1', link: 'https://school.example/receipts/1?a=1&b=2' };
  /** Follows a link of an email from outside. */
  const visit = (url: string, init: RequestInit = {}) =>
    fetch(suite.url + url.slice(publicUrl.length), { redirect: 'manual', headers: browser, ...init });
  const emailOf = async (notification: string) => {
    const { json } = await client.call('GET', `/v1/notifications/${notification}/trace`);
    return json.deliveries.find(({ channel }: { channel: string }) => channel === 'email');
  };

  it('leads over the gateway, and its trace tells who opened it and where they went', async () => {
    await client.recipient('amina', { email: 'amina@example.org' });
    const notification = await send('amina', 'payment_received', payment);
    const { html, text } = await client.arrived('amina@example.org', 'email');
    const pixel = /src="(https:\/\/notify\.example\/o\/[^"]+)"/.exec(html!)![1]!;
    const clicks = [...html!.matchAll(/href="(https:\/\/notify\.example\/c\/[^"]+)"/g)].map(([, url]) => url!);
    expect(text).toContain(payment.link);

    const targets = await Promise.all(clicks.map(async (url) => (await visit(url)).headers.get('location')));
    expect(targets).toContain(payment.link);
    expect((await visit(pixel)).status).toBe(200);
    const delivery = await until('all is kept', async () => {
      const email = await emailOf(notification);
      return email.engagement.length === clicks.length + 1 ? email : undefined;
    });
    expect(delivery.engagement.map(({ kind }: { kind: string }) => kind)).toContain('opened');
    expect(delivery.content.html).not.toContain('/c/');
  });

  it('lets its recipient end the category, of which nothing more arrives, and subscribe again', async () => {
    await client.recipient('bo', { email: 'bo@example.org' });
    await send('bo', 'payment_received', payment);
    const { headers, html } = await client.arrived('bo@example.org', 'email');
    const link = /^<(https:\/\/notify\.example\/u\/[\w-]+)>$/.exec(headers['list-unsubscribe']!)![1]!;
    expect(headers['list-unsubscribe-post']).toBe('List-Unsubscribe=One-Click');
    expect(html).toContain(`href="${link}"`);

    const page = await (await visit(link)).text();
    expect(page).toContain('Umoja School');
    const oneClick = new URLSearchParams({ 'List-Unsubscribe': 'One-Click' });
    expect((await visit(link, { method: 'POST', body: oneClick })).status).toBe(200);

    const notification = await send('bo', 'payment_received', payment);
    const trace = await until('it is decided', async () => {
      const { status, json } = await client.call('GET', `/v1/notifications/${notification}/trace`);
      return status === 200 && json.in_app ? json : undefined;
    });
    expect(trace.decision.find(({ channel }: { channel: string }) => channel === 'email')).toMatchObject({
      outcome: 'drop',
      rule: 'category_preference',
    });
    await visit(link, { method: 'POST', body: new URLSearchParams({ action: 'resubscribe' }) });
    await send('bo', 'payment_received', payment);
    await until('the next one arrives', async () => (await client.mailbox('bo@example.org', 'email')).length === 2);
  });

  it('neither follows nor asks anybody where it is about security', async () => {
    await client.recipient('chi', { email: 'chi@example.org' });
    await send('chi', 'password_changed', { link: 'https://school.example/account' });
    const { html, headers } = await client.arrived('chi@example.org', 'email');
    expect(html).toContain('href="https://school.example/account"');
    expect(html).not.toMatch(/notify\.example|unsubscribe/i);
    expect(headers).not.toHaveProperty('list-unsubscribe');
  });
});
