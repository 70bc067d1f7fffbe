import {
  emailRendered,
  engagementOutcomes,
  freshId,
  getDelivery,
  type CloudEvent,
  type DeliveryDetail,
  type EmailRendered,
  type Engagement,
} from '@carillon/contracts';
import { startTestService, until, type TestService } from '@carillon/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { service as emailSender } from '../../../email-sender/src/service.ts';
import { SmtpDouble } from '../../../email-sender/testing/smtp-double.ts';
import { service as gateway } from '../service.ts';

const PUBLIC_URL = 'https://notify.example';
const tenant = 'school';
const person = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

describe('the pixel and the links of emails', () => {
  let smtp: SmtpDouble;
  let test: TestService;
  let behind: TestService;
  let opened: CloudEvent<Engagement>[];
  let clicked: CloudEvent<Engagement>[];

  beforeAll(async () => {
    smtp = await SmtpDouble.start();
    test = await startTestService(gateway, { PUBLIC_URL });
    behind = await startTestService(emailSender, { SMTP_URL: smtp.url, PUBLIC_URL }, { broker: test.broker });
    opened = await test.broker.capture(engagementOutcomes.opened);
    clicked = await test.broker.capture(engagementOutcomes.clicked);
  });

  afterAll(async () => {
    await behind.close();
    await test.close();
    await smtp.close();
  });

  const links = ['https://school.example/invoices/7?a=1&b=2', 'https://school.example/ü?q=“x”'];
  const html = `<body>${links.map((link) => `<a href="${link.replaceAll('&', '&amp;')}">x</a>`).join(' ')}</body>`;

  /** An email that arrived a minute ago, with its pixel and links as paths. */
  async function arrived(
    changes: Partial<EmailRendered> = {},
  ): Promise<{ id: string; pixel: string; paths: string[] }> {
    const id = freshId();
    const to = { address: `${id}@example.org`, name: null };
    const tracking = { opens: true, clicks: true };
    const email = {
      ...emailRendered.example,
      delivery_id: id,
      notification_id: freshId(),
      to,
      html,
      tracking,
      ...changes,
    };
    await test.messages.publish(emailRendered, email, { id, tenant });
    await until('it is sent', async () => (await deliveryOf(id))?.status === 'sent');
    await behind.database.query(
      `UPDATE "email_sender".deliveries SET sent_at = now() - interval '1 minute' WHERE id = $1`,
      [id],
    );
    const raw = smtp.received
      .find((mail) => mail.to === to.address)!
      .raw.replaceAll('=\r\n', '')
      .replaceAll('=3D', '=');
    const paths = (pattern: RegExp) => [...raw.matchAll(pattern)].map(([, path]) => path!);
    return {
      id,
      pixel: paths(/src="https:\/\/notify\.example(\/o\/[^"]+)"/g)[0]!,
      paths: paths(/href="https:\/\/notify\.example(\/c\/[^"]+)"/g),
    };
  }

  async function deliveryOf(id: string, of = tenant): Promise<DeliveryDetail | undefined> {
    return test.messages.call(getDelivery, { tenant: of, channel: 'email', id }).catch(() => undefined);
  }
  const engagementOf = async (id: string) =>
    (await deliveryOf(id))!.engagement.map(({ kind, link, by }) => [kind, link, by]);
  const visit = (path: string, agent = person, init: RequestInit = {}) =>
    fetch(test.running.url + path, { redirect: 'manual', ...init, headers: { 'user-agent': agent, ...init.headers } });

  it('tell that a person opened it, once each, with the words that were seen', async () => {
    const { id, pixel } = await arrived();
    const response = await visit(pixel);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'image/gif']);
    expect(response.headers.get('cache-control')).toBe('no-store, private');
    expect(Buffer.from(await response.arrayBuffer()).toString('latin1', 0, 6)).toBe('GIF89a');
    const fact = await until('it is told', () => opened.find(({ data }) => data.delivery_id === id));
    expect(fact).toMatchObject({
      tenant,
      data: { channel: 'email', bot: false, template: emailRendered.example.template },
    });
    const delivery = (await deliveryOf(id))!;
    expect(delivery.opened_at).toBe(fact.data.at);
    expect(delivery).toMatchObject({ clicked_at: null, engagement: [{ kind: 'opened', link: null, by: 'person' }] });
  });

  it('lead where the email led, in any alphabet, and tell which link was followed', async () => {
    const { id, paths } = await arrived();
    expect(paths).toHaveLength(2);
    for (const [link, path] of paths.entries()) {
      const response = await visit(path);
      expect(response.status).toBe(302);
      expect(response.headers.get('location')).toBe(new URL(links[link]!).href);
      expect(response.headers.get('referrer-policy')).toBe('no-referrer');
    }
    await until('both are told', () => clicked.filter(({ data }) => data.delivery_id === id).length === 2);
    expect((await engagementOf(id)).sort()).toEqual([
      ['clicked', 0, 'person'],
      ['clicked', 1, 'person'],
    ]);
    expect((await deliveryOf(id))!.clicked_at).not.toBeNull();
  });

  it('do not take programs for people', async () => {
    const { id, pixel, paths } = await arrived();
    await visit(pixel, 'Mozilla/5.0');
    await visit(paths[0]!, 'BarracudaSentinel (EE)');
    await visit(paths[0]!, person, { method: 'HEAD' });
    await until('all are kept', async () => (await engagementOf(id)).length === 3);
    expect((await engagementOf(id)).sort()).toEqual([
      ['clicked', 0, 'bot'],
      ['clicked', 0, 'bot'],
      ['opened', null, 'prefetch'],
    ]);
    expect(await deliveryOf(id)).toMatchObject({ opened_at: null, clicked_at: null });
    expect(opened.find(({ data }) => data.delivery_id === id)!.data.bot).toBe(true);
  });

  it('take whoever is there at once for a program too', async () => {
    const { id, pixel } = await arrived();
    await behind.database.query(`UPDATE "email_sender".deliveries SET sent_at = now() WHERE id = $1`, [id]);
    await visit(pixel);
    await until('it is kept', async () => (await engagementOf(id)).length === 1);
    expect(await engagementOf(id)).toEqual([['opened', null, 'bot']]);
  });

  it('are only where they are wanted; what is kept of the email has none of them', async () => {
    const { id, pixel, paths } = await arrived({ tracking: { opens: false, clicks: true } });
    expect([pixel, paths.length]).toEqual([undefined, 2]);
    expect((await deliveryOf(id))!.content.html).toBe(html);
    expect(await arrived({ tracking: undefined })).toMatchObject({ pixel: undefined, paths: [] });
  });

  it('are nobody’s when they are forged, of another kind, or of an email that is gone: nobody is sent anywhere', async () => {
    const { id, pixel, paths } = await arrived();
    const [path] = paths as [string];
    const token = path.slice('/c/'.length, -'.0'.length);
    const forged = token.slice(0, -1) + (token.endsWith('A') ? 'B' : 'A');
    for (const wrong of [
      `/c/${forged}.0`,
      `/c/${token}.2`,
      `/c/${token}.-1`,
      `/c/${token}`,
      `/c/${token}.0?url=https://evil.example`.replace('.0', '.9999'),
      `/c/https%3A%2F%2Fevil.example`,
      `/o/${forged}.gif`,
      `/o/${token}`,
      '/o/x.gif',
      pixel.replace('/o/', '/u/').replace('.gif', ''),
    ]) {
      const response = await visit(wrong);
      expect([wrong, response.status, response.headers.get('location')]).toEqual([wrong, 404, null]);
    }
    expect((await visit(`${path}?url=https://evil.example`)).headers.get('location')).toBe(new URL(links[0]!).href);
    await behind.database.query('DELETE FROM "email_sender".deliveries WHERE id = $1', [id]);
    const gone = await visit(path, person, { headers: { accept: 'text/html' } });
    expect([gone.status, await gone.text()]).toEqual([404, expect.stringContaining('This link does not work')]);
    expect((await visit(pixel)).status).toBe(200);
  });
});
