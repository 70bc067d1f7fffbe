import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '@carillon/testing';
import { io } from 'socket.io-client';
import { Client } from './client.ts';
import { startSuite, type Suite } from './suite.ts';

const app = 'https://app.school.example';
const shop = 'https://shop.example';

describe('a page of another origin', () => {
  let suite: Suite;
  let client: Client;
  let urls: string[];
  const platformKey = 'ck_end-to-end-platform-0123456789';
  const keys: Record<string, string> = {};
  const tokens: Record<string, string> = {};

  beforeAll(async () => {
    suite = await startSuite({ PLATFORM_API_KEY: platformKey });
    client = new Client(suite);
    const second = await suite.start('gateway');
    urls = [suite.url, `http://127.0.0.1:${second.port}`];
    for (const id of ['school', 'shop']) {
      keys[id] = (await client.ok('POST', '/v1/admin/tenants', { id, name: `The ${id}` }, platformKey)).api_key.key;
      await client.ok('PUT', '/v1/recipients/amina', { name: 'Amina' }, keys[id]);
      tokens[id] = (await client.ok('POST', '/v1/recipients/amina/tokens', undefined, keys[id])).token;
    }
    const event = { content: { title: 'Hello', message: 'Hello' }, recipients: ['amina'], channels: ['in_app'] };
    await client.ok('POST', '/v1/events', event, keys.school);
    await until('it has arrived', async () => (await unread()) === 1);
  }, 120_000);
  afterAll(() => suite?.close(), 60_000);

  const unread = async (): Promise<number> =>
    (await client.ok('GET', '/v1/notifications/unread-count', undefined, tokens.school)).count;
  const allow = (tenant: string, origins: string[]) => client.ok('PUT', '/v1/admin/origins', { origins }, keys[tenant]);

  /** What a browser does for a page: asks first, then sends, and lets the page read only what the answer lets it. */
  async function fromPage(origin: string, url: string, method: string, path: string, tenant: string) {
    const asked = await fetch(url + path, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': method,
        'access-control-request-headers': 'authorization,idempotency-key',
      },
    });
    if (!asked.ok || asked.headers.get('access-control-allow-origin') !== origin) return 'not sent';
    expect(asked.headers.get('access-control-allow-headers')).toMatch(/authorization.*idempotency-key/i);
    const answer = await fetch(url + path, {
      method,
      headers: { origin, authorization: `Bearer ${tokens[tenant]}`, 'idempotency-key': crypto.randomUUID() },
    });
    await answer.text();
    return answer.headers.get('access-control-allow-origin') === origin ? answer.status : 'not to be read';
  }

  it('acts for the recipients of the tenant that allows it, at every replica, and for those of no other', async () => {
    for (const url of urls)
      expect(await fromPage(app, url, 'POST', '/v1/notifications/read-all', 'school')).toBe('not sent');
    await allow('school', [app]);
    await allow('shop', [shop]);
    for (const [origin, tenant] of [
      [app, 'school'],
      [shop, 'shop'],
    ] as const)
      for (const url of urls)
        await until(
          'it is let in',
          async () => (await fromPage(origin, url, 'GET', '/v1/notifications', tenant)) === 200,
        );
    for (const url of urls)
      expect(await fromPage(shop, url, 'POST', '/v1/notifications/read-all', 'school')).toBe('not to be read');
    expect(await unread()).toBe(1);
    expect(await fromPage(app, urls[1]!, 'POST', '/v1/notifications/read-all', 'school')).toBe(200);
    expect(await unread()).toBe(0);
    for (const path of ['/v1/admin/origins', '/v1/events', '/v1/admin/session'])
      expect([path, await fromPage(app, urls[0]!, 'POST', path, 'school')]).toEqual([path, 'not sent']);
  });

  it('opens the WebSocket, which is closed when the page is not allowed any more', async () => {
    const ends: string[] = [];
    const socket = io(urls[1]!, {
      path: '/realtime',
      transports: ['websocket'],
      extraHeaders: { origin: app },
      auth: { token: tokens.school },
      reconnection: false,
    });
    socket.on('connect', () => ends.push('connected'));
    socket.on('closing', ({ code }) => ends.push(code));
    socket.on('connect_error', ({ message }) => ends.push(message));
    try {
      await until('it is connected', () => ends.length > 0);
      await allow('school', []);
      await until('it is closed', () => ends.length > 1);
      expect(ends).toEqual(['connected', 'origin_not_allowed']);
    } finally {
      socket.disconnect();
    }
    for (const url of urls) expect(await fromPage(app, url, 'GET', '/v1/notifications', 'school')).toBe('not sent');
  });

  it('was allowed by somebody, as the audit log tells', async () => {
    const { data } = await client.ok('GET', '/v1/admin/audit-log?limit=1', undefined, keys.school);
    expect(data[0]).toMatchObject({ action: 'origins.put', before: { origins: [app] }, after: { origins: [] } });
  });

  it('is let in no more once the only tenant that allows it is suspended', async () => {
    expect(await fromPage(shop, urls[0]!, 'GET', '/v1/notifications', 'shop')).toBe(200);
    await client.ok('POST', '/v1/admin/tenants/shop/suspend', { reason: 'not paid' }, platformKey);
    for (const url of urls)
      await until(
        'every replica knows',
        async () => (await fromPage(shop, url, 'GET', '/v1/notifications', 'shop')) === 'not sent',
      );
  });
});
