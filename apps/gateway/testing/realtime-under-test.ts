import {
  changeNotification,
  deliveryId,
  eventId,
  inAppRendered,
  inboxChanged,
  notificationId,
  type InAppRendered,
  type Notification,
} from '@carillon/contracts';
import {
  startTestService,
  testBroker,
  testDatabase,
  unique,
  until,
  type TestBroker,
  type TestDatabase,
  type TestService,
} from '@carillon/testing';
import { SignJWT } from 'jose';
import { io, type Socket } from 'socket.io-client';
import { service as inbox } from '../../inbox/src/service.ts';
import { RecipientTokens } from '../src/access/recipient-tokens.ts';
import { Sockets } from '../src/realtime/sockets.ts';
import { service as gateway } from '../src/service.ts';

export const tenant = 'school';

/** Gateway replicas with a real inbox behind them, on a real database and broker. */
export class RealtimeUnderTest {
  private readonly clients: Client[] = [];
  private readonly services: TestService[] = [];
  private bystander?: Promise<string[]>;
  private turn?: 'read' | 'unread';

  private constructor(
    readonly database: TestDatabase,
    readonly broker: TestBroker,
  ) {}

  static async start(): Promise<RealtimeUnderTest> {
    const migrations = Object.fromEntries([gateway, inbox].map(({ name, migrations }) => [name, migrations]));
    const test = new RealtimeUnderTest(await testDatabase(migrations), await testBroker());
    try {
      await test.startInbox();
      return test;
    } catch (error) {
      await test.close();
      throw error;
    }
  }

  async startInbox(): Promise<TestService> {
    return this.keep(await startTestService(inbox, {}, this));
  }

  /** The first one of them. */
  async stopInbox(): Promise<void> {
    await this.services[0]!.running.close();
  }

  /** One more replica. */
  async startGateway(env: Record<string, string> = {}): Promise<TestService> {
    return this.keep(await startTestService(gateway, env, this));
  }

  /** A client as somebody would write one: it keeps what it hears, and connects again by itself. */
  client(replica: TestService, options: ClientOptions): Client {
    const client = new Client(replica, options);
    this.clients.push(client);
    return client;
  }

  /** A client that is connected and has been told how many are unread. */
  async connected(replica: TestService, options: ClientOptions): Promise<Client> {
    const client = this.client(replica, options);
    await until('the client has caught up', () => client.began !== undefined);
    return client;
  }

  /** Puts new notifications into an inbox, one after the other. Returns their ids. */
  async notify(recipient: string, count = 1): Promise<string[]> {
    const ids: string[] = [];
    for (let number = 0; number < count; number += 1) ids.push(...(await this.store([renderedFor(recipient)])));
    await this.signalled();
    return ids;
  }

  /** The same all at once. */
  async notifyAtOnce(recipient: string, count: number, changes: Partial<InAppRendered> = {}): Promise<string[]> {
    const ids = await this.store(Array.from({ length: count }, () => renderedFor(recipient, changes)));
    await this.signalled();
    return ids;
  }

  change(recipient: string, id: string, to: 'read' | 'unread'): Promise<Notification> {
    return this.messages.call(changeNotification, { tenant, recipient, id, change: { to } });
  }

  async close(): Promise<void> {
    for (const client of this.clients) client.socket.disconnect();
    for (const service of this.services.reverse()) await service.close();
    await this.broker.close();
    await this.database.drop();
  }

  /** The queue of signals, as metrics call it. */
  get queue(): string {
    return this.broker.names.queues('gateway', inboxChanged)[0]!.queue;
  }

  /** All connections of a replica, those included that have not shown a token. */
  connectionsOf(replica: TestService): number {
    return (replica.running.app.get(Sockets) as unknown as { connections: Set<unknown> }).connections.size;
  }

  get messages() {
    return this.services[0]!.messages;
  }

  private keep(service: TestService): TestService {
    this.services.push(service);
    return service;
  }

  private async store(all: InAppRendered[]): Promise<string[]> {
    await Promise.all(
      all.map((rendered) => this.messages.publish(inAppRendered, rendered, { tenant, id: rendered.delivery_id })),
    );
    const ids = all.map(({ notification_id }) => notification_id);
    await until('all are stored', async () => {
      const stored = await this.database.query('SELECT FROM inbox.notifications WHERE id = ANY($1)', [ids]);
      return stored.length === ids.length;
    });
    return ids;
  }

  /** Waits until the signals of what is stored are sent: those of a change come after them. */
  private async signalled(): Promise<void> {
    const [id] = await (this.bystander ??= this.store([renderedFor('bystander')]));
    await this.change('bystander', id!, (this.turn = this.turn === 'read' ? 'unread' : 'read'));
  }
}

export interface ClientOptions {
  recipient?: string;
  token?: string;
  since?: unknown;
  /** After the host of the URL. */
  namespace?: string;
  path?: string;
  headers?: Record<string, string>;
  /** Connects by itself after it was disconnected. */
  reconnects?: boolean;
}

/** Keeps what a socket hears. */
export class Client {
  readonly socket: Socket;
  /** Events about notifications, as `created <id>`. */
  readonly told: string[] = [];
  readonly notifications = new Map<string, Notification>();
  readonly counts: number[] = [];
  /** The reasons of disconnects and the codes that announced or refused them. */
  readonly ends: string[] = [];
  resyncs = 0;
  /** What to connect with next as long as there is nothing to name. */
  began?: string;
  /** Replaces the replica and the token that the next connect uses. */
  auth: () => Promise<{ token?: string; since?: unknown }>;

  constructor(replica: TestService, { recipient, token, since, ...options }: ClientOptions) {
    this.auth = async () => ({
      token: token ?? (recipient === undefined ? undefined : await tokenOf(replica, recipient)),
      since: this.created.length > 0 ? this.lastArrived() : (since ?? this.began),
    });
    this.socket = io(replica.running.url + (options.namespace ?? ''), {
      path: options.path ?? '/realtime',
      transports: ['websocket'],
      reconnection: options.reconnects ?? true,
      reconnectionDelay: 50,
      reconnectionDelayMax: 200,
      extraHeaders: options.headers,
      forceNew: true,
      auth: (give) => void this.auth().then(give),
    });
    this.socket.on('notification.created', (message) => this.keep('created', message.notification));
    this.socket.on('notification.updated', (message) => this.keep('updated', message.notification));
    this.socket.on('notification.deleted', ({ id }) => this.told.push(`deleted ${id}`));
    this.socket.on('unread_count', ({ count }) => this.counts.push(count));
    this.socket.on('ready', (message) => (this.began ??= message.since));
    this.socket.on('resync', () => (this.resyncs += 1));
    this.socket.on('closing', ({ code }) => this.ends.push(code));
    this.socket.on('disconnect', (reason) => this.ends.push(reason));
    this.socket.on('connect_error', (error: Error & { data?: { code: string } }) =>
      this.ends.push(error.data?.code ?? error.message),
    );
  }

  /** Ids, in the order in which they came. */
  get created(): string[] {
    return this.told.filter((one) => one.startsWith('created')).map((one) => one.slice('created '.length));
  }

  /** The replica that the next connect leads to. */
  moveTo(replica: TestService): void {
    (this.socket.io as unknown as { uri: string }).uri = replica.running.url;
  }

  /** As docs/realtime.md says: those that arrived last, latest last. */
  private lastArrived(): string[] {
    const place = ({ arrived_at, id }: Notification) => `${arrived_at} ${id}`;
    const inOrder = [...this.notifications.values()].sort((one, other) => (place(one) < place(other) ? -1 : 1));
    return inOrder.slice(-100).map(({ id }) => id);
  }

  private keep(event: string, notification: Notification): void {
    this.told.push(`${event} ${notification.id}`);
    this.notifications.set(notification.id, notification);
  }
}

export async function tokenOf(replica: TestService, recipient: string, of = tenant): Promise<string> {
  return (await replica.running.app.get(RecipientTokens).mint(of, recipient)).token;
}

/** A token with an expiry of its own, signed as this replica does; without one, by somebody else. */
export function tokenUntil(replica: TestService | undefined, recipient: string, expires: Date): Promise<string> {
  const tokens = replica?.running.app.get(RecipientTokens) as unknown as { keyOf(of: string): Uint8Array } | undefined;
  return new SignJWT({ tenant })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(recipient)
    .setAudience('carillon')
    .setExpirationTime(Math.floor(expires.getTime() / 1000))
    .sign(tokens?.keyOf(tenant) ?? Buffer.alloc(32, 'x'));
}

/** A recipient that no other test knows. */
export function someone(): string {
  return `recipient-${unique()}`;
}

function renderedFor(recipient: string, changes: Partial<InAppRendered> = {}): InAppRendered {
  const event = eventId(Date.now(), tenant, '/test', unique());
  const notification_id = notificationId(event, 'invoice_issued', recipient);
  return {
    ...inAppRendered.example,
    notification_id,
    delivery_id: deliveryId(notification_id, 'in_app', recipient),
    recipient,
    created_at: new Date().toISOString(),
    ...changes,
  };
}
