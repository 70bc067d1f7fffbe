import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readConfig } from '../config.ts';
import { isPublic, parsePrivateAddresses } from './addresses.ts';
import { ForbiddenTarget, OutboundGuard, outboundConfig } from './outbound-guard.ts';
import { NoAnswer, outboundRequest } from './outbound-request.ts';

describe('A public address', () => {
  it.each(['8.8.8.8', '1.1.1.1', '172.15.0.1', '172.32.0.1', '2606:4700:4700::1111', '2a00:1450:4001:81b::200e'])(
    'is %s',
    (address) => expect(isPublic(address)).toBe(true),
  );

  it.each([
    ...['127.0.0.1', '127.255.1.2', '0.0.0.0', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', '100.64.0.1'],
    ...['169.254.169.254', '192.0.0.192', '198.18.0.1', '224.0.0.1', '255.255.255.255', '192.0.2.1', '203.0.113.9'],
    ...[
      '::',
      '::1',
      '::ffff:127.0.0.1',
      '::ffff:10.0.0.1',
      '::ffff:8.8.8.8',
      '64:ff9b::7f00:1',
      'fe80::1',
      'fe80::1%eth0',
    ],
    ...['fc00::1', 'fd00:ec2::254', 'ff02::1', '2001:db8::1', '2002:7f00:1::', '2001::1', '100::1', '3fff::1'],
    ...['', 'localhost', '8.8.8', '2130706433', '0x7f.1'],
  ])('is not %j', (address) => expect(isPublic(address)).toBe(false));

  it('is none that stands for a private one in IPv6, however it is written', () => {
    const privateV4 = fc.tuple(fc.constantFrom(10, 127, 0), fc.nat(255), fc.nat(255), fc.nat(255));
    fc.assert(
      fc.property(privateV4, ([a, b, c, d]) => {
        const hex = (one: number, other: number) => ((one << 8) | other).toString(16);
        expect(isPublic(`::ffff:${a}.${b}.${c}.${d}`)).toBe(false);
        expect(isPublic(`::ffff:${hex(a, b)}:${hex(c, d)}`)).toBe(false);
        expect(isPublic(`64:ff9b::${hex(a, b)}:${hex(c, d)}`)).toBe(false);
        expect(isPublic(`2002:${hex(a, b)}:${hex(c, d)}::1`)).toBe(false);
      }),
    );
  });
});

describe('ALLOW_PRIVATE_URLS', () => {
  const common = {
    DATABASE_URL: 'postgres://x@127.0.0.1/x',
    AMQP_URL: 'amqp://127.0.0.1',
    CARILLON_SECRET: 'x'.repeat(32),
  };

  it('names addresses and networks, or all', () => {
    const some = parsePrivateAddresses('10.1.0.0/16, 127.0.0.1,fd00::/8')!;
    expect(['10.1.2.3', '127.0.0.1', 'fd00::7'].map(some)).toEqual([true, true, true]);
    expect(['10.2.0.1', '127.0.0.2', 'fe80::1', 'fd00::7%eth0'].map(some)).toEqual([false, false, false, false]);
    expect(parsePrivateAddresses('*')!('127.0.0.1')).toBe(true);
  });

  it.each(['localhost', '10.0.0.0/33', '10.0.0.0/8/8', '10.0.0.0/', 'fd00::/129', ' ', '10.0.0.1,'])(
    'is not %j',
    (text) => {
      expect(parsePrivateAddresses(text)).toBeUndefined();
      expect(() => readConfig(outboundConfig, { ...common, ALLOW_PRIVATE_URLS: text })).toThrow(/must be addresses/);
    },
  );
});

describe('The guard', () => {
  const guard = new OutboundGuard();

  it.each<[string, RegExp]>([
    ['ftp://example.org/', /must be a URL such as https/],
    ['nonsense', /must be a URL/],
    ['https://user:hunter2@example.org/', /must not contain a user/],
    ['https://127.0.0.1/', /public address/],
    ['https://2130706433/', /public address/],
    ['https://0x7f.1/', /public address/],
    ['https://[::1]/', /public address/],
    ['https://[::ffff:169.254.169.254]/latest/meta-data', /public address/],
  ])('refuses %s', (url, message) => expect(() => guard.checkUrl(url)).toThrow(message));

  it('takes a public URL', () => expect(guard.checkUrl('https://api.example.org/sms').host).toBe('api.example.org'));

  it('refuses a name that leads inside, also where only one of its addresses does', async () => {
    await expect(guard.resolve('localhost')).rejects.toThrow(ForbiddenTarget);
    const socketOf = guard.connect('localhost', 1, 1_000);
    await expect(socketOf).rejects.toThrow(ForbiddenTarget);
    await expect(guard.connect('127.0.0.1', 1, 1_000)).rejects.toThrow(ForbiddenTarget);
  });
});

describe('A request that leaves', () => {
  let server: Server;
  let url: URL;
  const seen: string[] = [];

  beforeAll(async () => {
    server = createServer((request, response) => {
      seen.push(`${request.method} ${request.url}`);
      if (request.url === '/away') response.writeHead(302, { location: '/elsewhere' }).end();
      else if (request.url === '/reset') request.socket.resetAndDestroy();
      else if (request.url === '/endless') {
        const write = (): void =>
          void (response.writable && response.write('x'.repeat(65_536), () => setImmediate(write)));
        write();
      } else if (request.url !== '/silence') response.end('hello');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = new URL(`http://localhost:${(server.address() as AddressInfo).port}`);
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const local = new OutboundGuard((address) => ['127.0.0.1', '::1'].includes(address));
  const send = (path: string, guard: OutboundGuard | undefined = local, timeoutMs = 5_000) =>
    outboundRequest(
      new URL(path, url),
      { method: 'POST', headers: {}, body: 'x', signal: AbortSignal.timeout(timeoutMs) },
      guard,
    );

  it('goes where an exception allows it, and to nothing else inside', async () => {
    expect(await send('/')).toMatchObject({ status: 200, text: 'hello' });
    const before = seen.length;
    await expect(send('/', new OutboundGuard())).rejects.toThrow(ForbiddenTarget);
    await expect(send(`http://127.0.0.1:${url.port}/`, new OutboundGuard())).rejects.toThrow(ForbiddenTarget);
    expect(seen.length).toBe(before);
  });

  it('does not use a connection that was made without the guard', async () => {
    const plain = (guard?: OutboundGuard) =>
      outboundRequest(url, { method: 'GET', headers: {}, signal: AbortSignal.timeout(5_000) }, guard);
    expect(await plain()).toMatchObject({ text: 'hello' });
    await expect(plain(new OutboundGuard())).rejects.toThrow(ForbiddenTarget);
  });

  it('follows no redirect', async () => {
    expect(await send('/away')).toMatchObject({ status: 302 });
    expect(seen).not.toContain('GET /elsewhere');
  });

  it('keeps no endless answer', async () => {
    expect((await send('/endless')).text.length).toBeLessThan(2 * 1024 * 1024);
  });

  it('says whether anything had left when no answer came', async () => {
    await expect(send('/reset')).rejects.toMatchObject({ name: 'NoAnswer', written: true, code: 'ECONNRESET' });
    await expect(send('/silence', local, 300)).rejects.toMatchObject({ name: 'NoAnswer', written: true });
    await expect(send('http://localhost:1/')).rejects.toBeInstanceOf(NoAnswer);
    await expect(send('http://localhost:1/')).rejects.toMatchObject({ written: false });
  });
});
