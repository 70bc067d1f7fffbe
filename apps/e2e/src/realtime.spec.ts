import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '@carillon/testing';
import { io, type Socket } from 'socket.io-client';
import { Client } from './client.ts';
import { startSuite, type ServiceProcess, type Suite } from './suite.ts';

/** A page of somebody's, as docs/realtime.md says that one is written. */
class Page {
  readonly socket: Socket;
  readonly created: { id: string; title: string; arrived_at: string }[] = [];
  readonly updated: { id: string; read: boolean }[] = [];
  count?: number;
  private began?: string;
  readonly ends: string[] = [];

  constructor(gateway: ServiceProcess, token: string) {
    this.socket = io(`http://127.0.0.1:${gateway.port}`, {
      path: '/realtime',
      transports: ['websocket'],
      reconnectionDelay: 50,
      reconnectionDelayMax: 200,
      auth: (give) => give({ token, since: this.since() }),
    });
    this.socket.on('notification.created', ({ notification }) => this.created.push(notification));
    this.socket.on('notification.updated', ({ notification }) => this.updated.push(notification));
    this.socket.on('unread_count', ({ count }) => (this.count = count));
    this.socket.on('ready', ({ since }) => (this.began = since));
    this.socket.on('closing', ({ code }) => this.ends.push(code));
    this.socket.on('disconnect', (reason) => this.ends.push(reason));
  }

  /** What a load balancer does. */
  moveTo(gateway: ServiceProcess): void {
    (this.socket.io as unknown as { uri: string }).uri = `http://127.0.0.1:${gateway.port}`;
  }

  get isReady(): boolean {
    return this.began !== undefined;
  }

  private since(): string[] | string | undefined {
    if (this.created.length === 0) return this.began;
    const place = ({ arrived_at, id }: { arrived_at: string; id: string }) => `${arrived_at} ${id}`;
    const inOrder = this.created.toSorted((one, other) => (place(one) < place(other) ? -1 : 1));
    return inOrder.slice(-100).map(({ id }) => id);
  }
}

describe('real time over two gateways', () => {
  let suite: Suite;
  let client: Client;
  let second: ServiceProcess;
  const pages: Page[] = [];

  beforeAll(async () => {
    suite = await startSuite();
    client = new Client(suite);
    second = await suite.start('gateway');
  }, 90_000);

  afterAll(async () => {
    for (const { socket } of pages) socket.disconnect();
    await suite?.close();
  }, 60_000);

  const first = () => suite.processes.find(({ name }) => name === 'gateway')!;

  async function open(gateway: ServiceProcess, token: string): Promise<Page> {
    const page = new Page(gateway, token);
    pages.push(page);
    await until('the page has caught up', () => page.isReady);
    return page;
  }

  const notify = (recipient: string, title: string) =>
    client.call('POST', '/v1/events', { recipients: [recipient], content: { title, message: 'Hello' } });

  it('tells a recipient on both of what an event brings, and of what is done by REST', async () => {
    const token = await client.recipient('amina');
    const stranger = await open(second, await client.recipient('brian'));
    const both = [await open(first(), token), await open(second, token)];
    const { json } = await notify('amina', 'New');
    await until('both are told', () => both.every(({ created, count }) => created.length === 1 && count === 1));
    const [{ id }] = json.notifications;
    for (const { created } of both) expect(created).toMatchObject([{ id, title: 'New' }]);

    await client.call('POST', `/v1/notifications/${id}/read`, undefined, token);
    await until('both are told', () => both.every(({ updated, count }) => updated.length === 1 && count === 0));
    for (const { updated } of both) expect(updated).toMatchObject([{ id, read: true }]);
    expect([stranger.created, stranger.updated, stranger.count]).toEqual([[], [], 0]);
  });

  it('misses nothing and doubles nothing when a gateway dies by kill -9 while events pour in', async () => {
    const token = await client.recipient('storm');
    const third = await suite.start('gateway');
    const [moving, staying] = [await open(third, token), await open(second, token)];
    const titles = Array.from({ length: 150 }, (_, number) => `Number ${number}`);
    const pouring = (async () => {
      for (const title of titles) expect((await notify('storm', title)).status).toBe(202);
    })();
    await until('some are told', () => moving.created.length > 20);
    moving.moveTo(second);
    await third.kill();
    await pouring;
    await until('all are told', () => [moving, staying].every(({ created }) => created.length >= titles.length));
    for (const { created } of [moving, staying])
      expect(created.map(({ title }) => title).toSorted()).toEqual(titles.toSorted());
    expect(moving.ends[0]).toMatch(/^transport/);
    expect(staying.ends).toEqual([]);
  }, 60_000);

  it('sends pages to another gateway when one is stopped, which ends with 0', async () => {
    const token = await client.recipient('patient');
    const fourth = await suite.start('gateway');
    const page = await open(fourth, token);
    page.moveTo(second);
    const [code] = await Promise.all([fourth.stop(), notify('patient', 'While it stops')]);
    await until('it is told', () => page.created.length === 1);
    expect(code).toBe(0);
    expect(page.ends).toEqual(['stopping', 'transport close']);
  });
});
