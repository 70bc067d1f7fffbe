import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Messages } from '@carillon/messaging';
import { servers, cuttableProxy, until, type TestService } from '@carillon/testing';
import { io, Manager, type Socket } from 'socket.io-client';
import { RealtimeUnderTest, someone, tenant, tokenOf, tokenUntil } from '../../testing/realtime-under-test.ts';
import { Feeds } from './feeds.ts';

const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000);

describe('real time', () => {
  let test: RealtimeUnderTest;
  let one: TestService;
  let other: TestService;

  beforeAll(async () => {
    test = await RealtimeUnderTest.start();
    [one, other] = await Promise.all([test.startGateway(), test.startGateway()]);
  });
  afterAll(() => test?.close());

  const metric = async (replica: TestService, line: string): Promise<number> => {
    const text = await (await fetch(`${replica.running.url}/metrics`)).text();
    return Number(
      text
        .split('\n')
        .find((each) => each.startsWith(`${line} `))
        ?.slice(line.length) ?? 0,
    );
  };

  describe('tells', () => {
    it('of what is new and what changes, as the API shows it, with the count', async () => {
      const recipient = someone();
      const client = await test.connected(one, { recipient });
      const [id] = await test.notify(recipient);
      await until('it is told', () => client.counts.length === 2);
      await test.change(recipient, id!, 'read');
      await until('the change is told', () => client.counts.length === 3);
      expect(client.told).toEqual([`created ${id}`, `updated ${id}`]);
      expect(client.counts).toEqual([0, 1, 0]);
      const answer = await fetch(`${one.running.url}/v1/notifications/${id}`, {
        headers: { authorization: `Bearer ${await tokenOf(one, recipient)}` },
      });
      expect(client.notifications.get(id!)).toEqual(await answer.json());
    });

    it('of what is deleted, and that a list is to be read anew when very much has changed', async () => {
      const recipient = someone();
      const ids = await test.notifyAtOnce(recipient, 150);
      const client = await test.connected(one, { recipient });
      const authorization = `Bearer ${await tokenOf(one, recipient)}`;
      const call = (method: string, path: string) =>
        fetch(`${one.running.url}/v1/notifications${path}`, { method, headers: { authorization } });
      await call('DELETE', `/${ids[0]}`);
      await until('it is told', () => client.told.length === 1);
      expect([client.told, client.counts]).toEqual([[`deleted ${ids[0]}`], [150, 149]]);
      await call('POST', '/read-all');
      await until('it is told', () => client.counts.at(-1) === 0);
      expect([client.resyncs, client.told.length]).toEqual([1, 1]);
    });

    it('every socket of a recipient, on whichever replica, and nobody else', async () => {
      const recipient = someone();
      const clients = await Promise.all([one, one, other].map((replica) => test.connected(replica, { recipient })));
      const stranger = someone();
      const others = [
        await test.connected(one, { recipient: stranger }),
        await test.connected(one, { token: await tokenOf(one, recipient, 'shop') }),
      ];
      const ids = await test.notify(recipient, 3);
      await until('all are told', () => clients.every(({ created }) => created.length === 3));
      for (const client of clients) expect(client.created).toEqual(ids);
      // What would have been told them wrongly came before this.
      const own = await test.notify(stranger);
      await until('the stranger is told', () => others[0]!.told.length > 0);
      expect(others.map(({ created }) => created)).toEqual([own, []]);
    });

    it('only those who are connected: a replica hears of nobody else', async () => {
      const recipient = someone();
      const heard = () => metric(one, `carillon_items_consumed_total{queue="${test.queue}",outcome="done"}`);
      const client = await test.connected(one, { recipient });
      await test.notify(recipient);
      await until('it is told', () => client.told.length === 1);
      const before = await heard();
      client.socket.disconnect();
      const watcher = someone();
      const second = await test.connected(one, { recipient: watcher });
      await test.notify(recipient, 5);
      await test.notify(watcher);
      await until('it is told', () => second.told.length === 1);
      // Both replicas run in this process and count together, but only one of them has a socket.
      expect(await heard()).toBe(before + 1);
    });
  });

  describe('a connection', () => {
    it.each([
      ['the path /realtime', { path: '/realtime' }],
      ['the namespace /realtime under socket.io’s own path', { path: '/socket.io', namespace: '/realtime' }],
      ['both', { path: '/realtime', namespace: '/realtime' }],
    ])('is made by %s', async (_, where) => {
      const recipient = someone();
      const client = await test.connected(one, { recipient, ...where });
      const ids = await test.notify(recipient);
      await until('it is told', () => client.told.length === 1);
      expect(client.created).toEqual(ids);
    });

    it.each([
      ['no token', async () => ({}), 'unauthorized'],
      ['no words at all', async () => 7 as never, 'unauthorized'],
      ['a token that is none', async () => ({ token: 'a.b.c' }), 'unauthorized'],
      ['a token that is too long', async () => ({ token: 'x'.repeat(5000) }), 'unauthorized'],
      [
        'a token of another installation',
        async () => ({ token: await tokenUntil(undefined, someone(), inSeconds(60)) }),
        'unauthorized',
      ],
      ['an expired token', async () => ({ token: await tokenUntil(one, someone(), inSeconds(-1)) }), 'token_expired'],
      [
        'a since that is no id',
        async () => ({ token: await tokenOf(one, someone()), since: 'yesterday' }),
        'invalid_since',
      ],
      [
        'too many ids',
        async () => ({
          token: await tokenOf(one, someone()),
          since: Array.from({ length: 101 }, () => crypto.randomUUID()),
        }),
        'invalid_since',
      ],
    ])('with %s is refused with a code', async (_, auth, code) => {
      const client = test.client(one, {});
      client.auth = auth;
      await until('it is refused', () => client.ends.length > 0);
      expect([client.ends, client.socket.connected]).toEqual([[code], false]);
    });

    it('is open to pages of the gateway’s own host, and of the origins in the settings', async () => {
      const lenient = await test.startGateway({ REALTIME_ORIGINS: 'https://app.example.org, http://localhost:5173' });
      const open = await test.startGateway({ REALTIME_ORIGINS: '*' });
      const connects = async (replica: TestService, origin?: string) => {
        const headers = origin === undefined ? undefined : { origin };
        const client = test.client(replica, { recipient: someone(), headers, reconnects: false });
        await until('it is decided', () => client.ends.length > 0 || client.counts.length > 0);
        return client.ends.length === 0;
      };
      expect(await connects(one)).toBe(true);
      expect(await connects(one, one.running.url)).toBe(true);
      expect(await connects(one, 'https://app.example.org')).toBe(false);
      expect(await connects(lenient, 'https://app.example.org')).toBe(true);
      expect(await connects(lenient, 'https://evil.example.org')).toBe(false);
      expect(await connects(open, 'https://evil.example.org')).toBe(true);
    });

    it('is a WebSocket: long polling, and upgrades to something else, are no such route', async () => {
      for (const path of ['/realtime/?EIO=4&transport=polling', '/socket.io/?EIO=4&transport=polling'])
        expect((await fetch(one.running.url + path)).status).toBe(404);
    });

    it('ends when its token expires, with a code, and begins anew with the next one, without a gap', async () => {
      const recipient = someone();
      const client = test.client(one, { recipient, token: await tokenUntil(one, recipient, inSeconds(3)) });
      await until('it is connected', () => client.counts.length > 0);
      const fresh = await tokenOf(one, recipient);
      const { auth } = client;
      client.auth = async () => ({ ...(await auth()), token: fresh });
      const first = await test.notify(recipient);
      await until('it ends', () => client.ends.length === 2);
      const second = await test.notify(recipient);
      await until('both are told', () => client.created.length === 2);
      expect(client.ends).toEqual(['token_expired', 'transport close']);
      expect(client.created).toEqual([...first, ...second]);
    });

    it('is told when the next token has expired too', async () => {
      const recipient = someone();
      const client = test.client(one, { recipient, token: await tokenUntil(one, recipient, inSeconds(3)) });
      await until('it is refused', () => client.ends.length === 3);
      expect(client.ends).toEqual(['token_expired', 'transport close', 'token_expired']);
    });

    it('goes on when a new token comes in time, which must be the same recipient’s', async () => {
      const recipient = someone();
      const client = test.client(one, { recipient, token: await tokenUntil(one, recipient, inSeconds(3)) });
      await until('it is connected', () => client.counts.length > 0);
      const renew = (message: unknown): Promise<any> => client.socket.emitWithAck('renew', message);
      for (const wrong of [
        undefined,
        7,
        {},
        { token: 'a.b.c' },
        { token: await tokenOf(one, someone()) },
        { token: await tokenOf(one, recipient, 'shop') },
      ])
        expect(await renew(wrong)).toEqual({ error: { code: 'unauthorized' } });
      expect(await renew({ token: await tokenUntil(one, recipient, inSeconds(-1)) })).toEqual({
        error: { code: 'token_expired' },
      });
      const renewed = new Date(Math.floor(Date.now() / 1000 + 5) * 1000);
      expect(await renew({ token: await tokenUntil(one, recipient, renewed) })).toEqual({
        expires_at: renewed.toISOString(),
      });
      await until('it ends', () => client.ends.length > 0);
      expect(Date.now()).toBeGreaterThanOrEqual(renewed.getTime());
    });
  });

  describe('after a reconnect', () => {
    it('brings what was missed since an id, in order, and then what is new', async () => {
      const recipient = someone();
      const [, since, ...missed] = await test.notify(recipient, 8);
      const client = await test.connected(one, { recipient, since });
      const [last] = await test.notify(recipient);
      await until('all are told', () => client.told.length >= 7);
      expect(client.created).toEqual([...missed, last]);
      expect(client.counts).toEqual([8, 9]);
    });

    it('brings nothing to a client that says nothing of what it has, but tells it what to say next time', async () => {
      const recipient = someone();
      await test.notify(recipient, 3);
      const client = await test.connected(one, { recipient });
      expect([client.told, client.counts]).toEqual([[], [3]]);
      client.socket.disconnect();
      const missed = await test.notify(recipient, 2);
      client.socket.connect();
      await until('it is told', () => client.counts.length === 2);
      expect([client.created, client.counts]).toEqual([missed, [3, 5]]);
    });

    it('brings nothing of another inbox, whoever’s id is named', async () => {
      const [foreign] = await test.notify(someone(), 2);
      const recipient = someone();
      const own = await test.notify(recipient, 2);
      const client = await test.connected(one, { recipient, since: foreign });
      expect(client.created).toEqual(own);
    });

    it('brings what lies between those that the client names', async () => {
      const recipient = someone();
      const ids = await test.notify(recipient, 6);
      const client = await test.connected(one, { recipient, since: [ids[1], ids[4]] });
      expect(client.created).toEqual([ids[2], ids[3], ids[5]]);
    });

    it('brings several hundred, and has the list read anew where it is more', async () => {
      const recipient = someone();
      const [since] = await test.notify(recipient);
      const many = await test.notifyAtOnce(recipient, 400);
      const client = await test.connected(one, { recipient, since });
      expect(client.created.toSorted()).toEqual(many.toSorted());
      await test.notifyAtOnce(recipient, 200);
      await until('nothing of them is on its way any more', () => client.created.length === 600);
      const late = await test.connected(one, { recipient, since });
      expect([late.told, late.resyncs, late.counts]).toEqual([[], 1, [601]]);
    });

    it('has no gap and no doubles while notifications pour in', async () => {
      const recipient = someone();
      const second = await test.startInbox();
      const [since] = await test.notify(recipient);
      const client = test.client(one, { recipient, since });
      const all: string[] = [];
      let pouring = true;
      const pour = async () => {
        while (pouring) all.push(...(await test.notifyAtOnce(recipient, 3)));
      };
      const pourers = [pour(), pour()];
      for (let times = 0; times < 12; times += 1) {
        const told = client.told.length;
        await until('some are told', () => client.told.length > told + 5);
        client.moveTo(times % 2 === 0 ? other : one);
        client.socket.io.engine.close();
      }
      pouring = false;
      await Promise.all(pourers);
      await until('all are told', () => client.created.length >= all.length);
      await second.running.close();
      expect(client.created.toSorted()).toEqual(all.toSorted());
      expect(client.resyncs).toBe(0);
    });
  });

  describe('while something is away', () => {
    it('keeps sockets while RabbitMQ is away, and brings what they missed when it is back', async () => {
      const proxy = await cuttableProxy(servers.amqpUrl);
      const replica = await test.startGateway({ AMQP_URL: proxy.url });
      try {
        const [silent, lively] = [someone(), someone()];
        const clients = await Promise.all([silent, lively].map((recipient) => test.connected(replica, { recipient })));
        const before = await test.notify(lively, 2);
        await until('it is told', () => clients[1]!.told.length === 2);
        proxy.cut();
        await until('the cut is noticed', () => replica.running.app.get(Messages).trouble());
        const during = [await test.notify(silent, 3), await test.notify(lively, 3)];
        const late = test.client(replica, { recipient: silent, since: during[0]![0] });
        await until('it is connected', () => late.socket.connected);
        expect(clients.map(({ told }) => told.length)).toEqual([0, 2]);
        proxy.restore();
        await until(
          'all are told',
          () => late.told.length > 1 && clients.every(({ told }, index) => told.length >= [3, 5][index]!),
        );
        const after = await test.notify(silent);
        await until('it is told', () => late.told.length > 2 && clients[0]!.told.length > 3);
        expect(clients[0]!.created).toEqual([...during[0]!, ...after]);
        expect(clients[1]!.created).toEqual([...before, ...during[1]!]);
        expect(late.created).toEqual([...during[0]!.slice(1), ...after]);
        expect([clients[0]!.ends, clients[1]!.ends, late.ends]).toEqual([[], [], []]);
      } finally {
        await replica.running.close();
        await proxy.close();
      }
    });

    it('lets clients in while the inbox is away, and brings what they missed when it is back', async () => {
      const lonely = await RealtimeUnderTest.start();
      try {
        const replica = await lonely.startGateway();
        const recipient = someone();
        const [since, ...missed] = await lonely.notify(recipient, 3);
        await lonely.stopInbox();
        const client = lonely.client(replica, { recipient, since });
        await until('it is connected', () => client.socket.connected);
        await lonely.startInbox();
        await until('it is told', () => client.told.length >= 2);
        const [live] = await lonely.notify(recipient);
        await until('it is told', () => client.told.length >= 3);
        expect(client.created).toEqual([...missed, live]);
        expect(client.ends).toEqual([]);
      } finally {
        await lonely.close();
      }
    }, 40_000);

    it('asks the inbox again and again to signal, and brings what was missed when it was late', async () => {
      const recipient = someone();
      const client = await test.connected(one, { recipient });
      const feeds = one.running.app.get(Feeds) as unknown as {
        of(of: string, recipient: string): { watchedAt: number };
        renew(): void;
      };
      await test.database.query('UPDATE inbox.watched_inboxes SET until = now() WHERE recipient = $1', [recipient]);
      const unheard = await test.notify(recipient, 2);
      expect(client.told).toEqual([]);
      feeds.of(tenant, recipient).watchedAt -= 3_600_000;
      feeds.renew();
      await until('it is told', () => client.told.length === 2);
      const heard = await test.notify(recipient);
      await until('it is told', () => client.told.length === 3);
      expect(client.created).toEqual([...unheard, ...heard]);
    });

    it('sends clients to another replica when one stops, with nothing missed', async () => {
      const replica = await test.startGateway();
      const recipient = someone();
      const client = await test.connected(replica, { recipient });
      const first = await test.notify(recipient);
      await until('it is told', () => client.told.length === 1);
      client.moveTo(other);
      const stopped = replica.running.close();
      const second = await test.notify(recipient, 3);
      await stopped;
      await until('all are told', () => client.created.length === 4);
      expect(client.created).toEqual([...first, ...second]);
      expect(client.ends.slice(0, 2)).toEqual(['stopping', 'transport close']);
    });
  });

  describe('stands', () => {
    const wellClient = async () => {
      const recipient = someone();
      const client = await test.connected(one, { recipient });
      return async () => {
        const [id] = await test.notify(recipient);
        await until('the well-behaved client is told', () => client.created.includes(id!));
        expect(client.ends).toEqual([]);
      };
    };

    it('a thousand connections with bad tokens', async () => {
      const isWell = await wellClient();
      const open = await metric(one, 'carillon_sockets');
      const bad = Array.from({ length: 1000 }, (_, n) =>
        test.client(one, { token: n % 2 ? 'a.b.c' : 'x'.repeat(4000), reconnects: false }),
      );
      await isWell();
      await until('all are refused', () => bad.every(({ ends }) => ends.length > 0), { timeoutMs: 30_000 });
      expect(new Set(bad.flatMap(({ ends }) => ends))).toEqual(new Set(['unauthorized', 'too_many_attempts']));
      await isWell();
      expect(await metric(one, 'carillon_sockets')).toBe(open);
      await until('none is kept', () => test.connectionsOf(one) <= open);
    });

    it('connections that never say who they are: they are closed in ten seconds', async () => {
      const isWell = await wellClient();
      const manager = new Manager(one.running.url, {
        path: '/realtime',
        transports: ['websocket'],
        reconnection: false,
        autoConnect: false,
      });
      const begun = Date.now();
      manager.open();
      await new Promise((resolve) => manager.on('close', resolve));
      expect(Date.now() - begun).toBeGreaterThan(8_000);
      await isWell();
    }, 20_000);

    it('frames that are too large: that connection ends', async () => {
      const isWell = await wellClient();
      const client = await test.connected(one, { recipient: someone(), reconnects: false });
      client.socket.emit('renew', { token: 'x'.repeat(20_000) });
      await until('it ends', () => client.ends.length > 0);
      expect(client.ends[0]).toMatch(/^transport/);
      await isWell();
    });

    it('what it does not understand: a little is ignored, much of it ends the connection', async () => {
      const isWell = await wellClient();
      const client = await test.connected(one, { recipient: someone() });
      const say = (socket: Socket) => {
        socket.emit('no such event', { __proto__: null }, 1, 'a');
        socket.emit('notification.created', { notification: {} });
        socket.emit('renew');
        socket.emit('renew', null, 'no function');
      };
      say(client.socket);
      expect(await client.socket.emitWithAck('renew', {})).toEqual({ error: { code: 'unauthorized' } });
      expect(client.ends).toEqual([]);
      for (let times = 0; times < 50; times += 1) say(client.socket);
      await until('it ends', () => client.ends.length === 2);
      expect(client.ends).toEqual(['too_many_messages', 'io server disconnect']);
      expect(client.told).toEqual([]);
      await isWell();
    });

    it('what is no WebSocket at all', async () => {
      const isWell = await wellClient();
      const { hostname, port } = new URL(one.running.url);
      const { connect } = await import('node:net');
      for (const words of [
        'GET /realtime/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
        'GET /realtime/?EIO=4&transport=websocket&sid=x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
        'GET /realtime/?EIO=3&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
        'POST /realtime HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nOrigin: \x01\r\n\r\n',
      ]) {
        const socket = connect(Number(port), hostname);
        socket.write(words);
        const [answer] = await once(socket, 'data');
        expect(String(answer)).toMatch(/^HTTP\/1\.1 4\d\d /);
        socket.destroy();
      }
      // An offer to upgrade that a route is not meant to take up.
      const health = connect(Number(port), hostname);
      health.write('GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n');
      expect(String((await once(health, 'data'))[0])).toMatch(/^HTTP\/1\.1 200 /);
      health.destroy();
      await isWell();
    });

    it('more sockets of one recipient than there should be: the oldest ends', async () => {
      const recipient = someone();
      const oldest = await test.connected(one, { recipient });
      const rest = await Promise.all(Array.from({ length: 19 }, () => test.connected(one, { recipient })));
      expect(oldest.ends).toEqual([]);
      rest.push(await test.connected(one, { recipient }));
      await until('the oldest ends', () => oldest.ends.length === 2);
      expect(oldest.ends).toEqual(['too_many_sockets', 'io server disconnect']);
      await test.notify(recipient);
      await until('the others are told', () => rest.every(({ told }) => told.length === 1));
      expect([oldest.told, rest.flatMap(({ ends }) => ends)]).toEqual([[], []]);
    });

    it('a client that takes nothing: it is cut off, and gets everything when it comes back', async () => {
      const isWell = await wellClient();
      const recipient = someone();
      const client = await test.connected(one, { recipient });
      const [first] = await test.notify(recipient);
      await until('it is told', () => client.told.length === 1);
      const { ws } = client.socket.io.engine.transport as unknown as { ws: { pause(): void; resume(): void } };
      const slow = 'carillon_sockets_closed_total{code="too_slow"}';
      const before = await metric(one, slow);
      ws.pause();
      const many = await test.notifyAtOnce(recipient, 100, { html: `<p>${'x'.repeat(200_000)}</p>` });
      await until('it is cut off', async () => (await metric(one, slow)) === before + 1);
      await isWell();
      ws.resume();
      await until('everything is told', () => client.created.length === 101);
      expect(client.created.toSorted()).toEqual([first, ...many].toSorted());
    }, 60_000);
  });

  it('works as docs/realtime.md shows', async () => {
    const page = await readFile(new URL('../../../../docs/realtime.md', import.meta.url), 'utf8');
    const [, code] = /```js\n(.*?)```/s.exec(page)!;
    const words = code!.replace(/^import .*$/m, '').replace('export function', 'return function');
    const openInbox = new Function('io', words)(io) as (options: object) => Socket;
    const recipient = someone();
    const old = await test.notify(recipient, 3);
    let seen: { ids: string[]; unread: number } | undefined;
    const show = (list: { id: string }[], unread: number) => (seen = { ids: list.map(({ id }) => id), unread });
    const socket = openInbox({ url: one.running.url, getToken: () => tokenOf(one, recipient), show });
    const shows = (ids: string[], unread: number) =>
      until('it is shown', () => JSON.stringify(seen) === JSON.stringify({ ids, unread }));
    try {
      await shows(old.toReversed(), 3);
      const live = await test.notify(recipient, 2);
      await test.change(recipient, live[0]!, 'read');
      await shows([...old, ...live].reverse(), 4);
      socket.io.engine.close();
      const missed = await test.notify(recipient, 2);
      await shows([...old, ...live, ...missed].reverse(), 6);
    } finally {
      socket.disconnect();
    }
  });

  it('counts sockets and what they are told', async () => {
    const recipient = someone();
    const sockets = await metric(one, 'carillon_sockets');
    const told = await metric(one, 'carillon_socket_messages_total{event="notification.created"}');
    const client = await test.connected(one, { recipient });
    await test.notify(recipient, 2);
    await until('it is told', () => client.told.length === 2);
    expect(await metric(one, 'carillon_sockets')).toBe(sockets + 1);
    expect(await metric(one, 'carillon_socket_messages_total{event="notification.created"}')).toBe(told + 2);
    client.socket.disconnect();
    await until('it is gone', async () => (await metric(one, 'carillon_sockets')) === sockets);
  });
});
