import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from './client.ts';
import { apiKey, startSuite, type Suite } from './suite.ts';

describe('two gateways together', () => {
  let suite: Suite;
  let urls: string[];

  beforeAll(async () => {
    suite = await startSuite({ RATE_LIMIT_PER_KEY: '200', HEADERS_TIMEOUT_MS: '2000' });
    const second = await suite.start('gateway');
    urls = [suite.url, `http://127.0.0.1:${second.port}`];
  }, 90_000);

  afterAll(() => suite?.close(), 60_000);

  it('take no more from a key than its limit, and go on serving recipients and whoever else there is', async () => {
    const client = new Client(suite);
    const token = await client.recipient('somebody');
    const statuses: number[] = [];
    let last: Response | undefined;
    const began = Date.now();
    for (let from = 0; from < 300; from += 20) {
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, n) =>
          fetch(`${urls[n % 2]}/v1/recipients/somebody`, { headers: { authorization: `Bearer ${apiKey}` } }),
        ),
      );
      for (const answer of answers) {
        statuses.push(answer.status);
        if (answer.status === 429) last = answer;
        else await answer.body?.cancel();
      }
    }
    // Two requests were made before; what a gateway was handed and has no use for is at most a twentieth.
    const passed = statuses.filter((status) => status === 200).length;
    expect(Date.now() - began).toBeLessThan(55_000);
    expect(passed).toBeLessThanOrEqual(198);
    expect(passed).toBeGreaterThanOrEqual(188);
    expect(last!.headers.get('ratelimit-policy')).toContain('"key";q=200;w=60');
    expect(Number(last!.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await last!.json()).toMatchObject({ status: 429, code: 'too_many_requests' });
    expect((await client.call('GET', '/v1/notifications/unread-count', undefined, token)).status).toBe(200);
  }, 60_000);

  it('drop clients that never come to an end, while they serve the others', async () => {
    const { port } = new URL(urls[0]!);
    const slow = Array.from({ length: 200 }, () => connect(Number(port), '127.0.0.1'));
    const closed = slow.map((socket) => once(socket.on('error', () => undefined).resume(), 'close'));
    await Promise.all(slow.map((socket) => once(socket, 'connect')));
    for (const socket of slow) socket.write('GET /v1/notifications HTTP/1.1\r\nHost: gateway\r\n');
    const dripping = setInterval(() => {
      for (const socket of slow) if (socket.writable) socket.write('X-Drip: 1\r\n');
    }, 200);
    try {
      expect((await fetch(`${urls[0]}/health/ready`)).status).toBe(200);
      await Promise.all(closed);
    } finally {
      clearInterval(dripping);
      for (const socket of slow) socket.destroy();
    }
  }, 60_000);
});
