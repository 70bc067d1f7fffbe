import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { Messages } from '@carillon/messaging';
import { CONFIG, TenantStandings } from '@carillon/service';
import { Inject, Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { Server as Engine } from 'engine.io';
import { Server } from 'socket.io';
import { RecipientTokens } from '../access/recipient-tokens.ts';
import type { GatewayConfig } from '../config.ts';
import type { RealtimeServer, RealtimeSocket } from './events.ts';
import { Feeds } from './feeds.ts';
import { readHandshake, readToken, Refusal } from './handshake.ts';
import { socketsOpen, socketsRefused } from './metrics.ts';
import { mayConnect } from './origins.ts';
import { Seat } from './seat.ts';
import { Turns } from './turns.ts';

/** Where a client may connect: `path: '/realtime'`, or the namespace `/realtime` under socket.io's own path. */
const paths = ['/realtime', '/socket.io'];
const namespaces = ['/', '/realtime'];

/** A token and a hundred ids are less. In bytes. */
const messageAtMost = 16 * 1024;
/** Connections that have not shown a valid token yet. */
const strangersAtMost = 2_000;
const strangerMs = 10_000;
/** Sockets that catch up at the same time; each may hold what it has missed in memory. */
const catchingUpAtMost = 64;
/** Messages that a client may send at once; one more every ten seconds. */
const messagesAtOnce = 100;
/** How long the closing handshakes may take when the gateway stops. */
const farewellMs = 2_000;

/**
 * The WebSockets of client apps. There is no long polling: every socket is one connection, so it does not matter to which replica
 * a load balancer brings it, and nothing of it is elsewhere.
 */
@Injectable()
export class Sockets implements BeforeApplicationShutdown {
  private readonly logger = new Logger(Sockets.name);
  private readonly engine: Engine;
  private readonly turns = new Turns(catchingUpAtMost);
  private readonly seats = new Set<Seat>();
  private readonly connections = new Set<Duplex>();
  private stopping = false;

  constructor(
    @Inject(CONFIG) private readonly config: GatewayConfig,
    private readonly tokens: RecipientTokens,
    private readonly messages: Messages,
    private readonly feeds: Feeds,
    private readonly standings: TenantStandings,
  ) {
    standings.onChange((tenant, standing) => {
      if (standing === 'active') return;
      for (const seat of this.seats) if (seat.inbox.tenant === tenant) seat.close('tenant_suspended');
    });
    this.engine = new Engine({
      transports: ['websocket'],
      maxHttpBufferSize: messageAtMost,
      perMessageDeflate: false,
      allowRequest: (request, answer) => {
        const reason = this.refuses(request);
        if (reason) socketsRefused.inc({ code: reason });
        answer(reason, reason === undefined);
      },
    });
    const io: RealtimeServer = new Server({ serveClient: false, connectTimeout: strangerMs });
    io.bind(this.engine);
    // The request and its headers would stay in memory as long as the socket.
    this.engine.on('connection', (connection: { request: unknown }) => (connection.request = null));
    for (const name of namespaces) {
      const namespace = io.of(name);
      namespace.use((socket, next) => {
        void this.admit(socket).then(
          () => next(),
          (error: unknown) => this.refuse(socket, error, next),
        );
      });
      namespace.on('connection', (socket) => this.seat(socket));
    }
  }

  /** Takes upgrades to WebSockets; all other requests go on to the routes. */
  attach(server: HttpServer): void {
    // Without it Node hands over every request that offers an upgrade, such as curl's to HTTP/2.
    Object.assign(server, { shouldUpgradeCallback: isRealtime });
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (!isRealtime(request)) return socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
      this.connections.add(socket);
      socket.once('close', () => this.connections.delete(socket));
      socket.on('error', () => undefined); // 'close' follows
      this.engine.handleUpgrade(request, socket, head);
    });
  }

  /** Before the HTTP server closes, which would wait for the connections. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    for (const seat of this.seats) seat.close('stopping');
    this.engine.close();
    const late = setTimeout(() => {
      for (const connection of this.connections) connection.destroy();
    }, farewellMs);
    await Promise.all(
      [...this.connections].map((connection) => new Promise((resolve) => connection.once('close', resolve))),
    );
    clearTimeout(late);
  }

  /** Why not even a token is asked for. */
  private refuses({ headers }: IncomingMessage): string | undefined {
    if (this.stopping) return 'stopping';
    if (this.engine.clientsCount - this.seats.size >= strangersAtMost) return 'too_many_strangers';
    return mayConnect(headers.origin, headers.host, this.config.REALTIME_ORIGINS) ? undefined : 'origin';
  }

  /** @throws Refusal */
  private async admit(socket: RealtimeSocket): Promise<void> {
    const { token, since } = readHandshake(socket.handshake.auth);
    socket.handshake.auth = {};
    const reading = await this.tokens.read(token);
    if ('refused' in reading) throw new Refusal(reading.refused);
    const { tenant, recipient } = reading.caller;
    if (this.standings.of(tenant) !== 'active') throw new Refusal('tenant_suspended');
    socket.data = { inbox: { tenant, recipient }, expires_at: reading.expires_at, since };
  }

  private refuse(socket: RealtimeSocket, error: unknown, next: (error: Error) => void): void {
    if (!(error instanceof Refusal)) this.logger.error(error);
    const refusal = error instanceof Refusal ? error : new Refusal('unavailable');
    socketsRefused.inc({ code: refusal.data.code });
    next(refusal);
    // Once the client is told, which happens in the next tick.
    setImmediate(() => socket.conn.close());
  }

  private seat(socket: RealtimeSocket): void {
    const seat = new Seat(socket, this.messages, this.turns);
    const since = Date.now();
    let said = 0;
    this.seats.add(seat);
    socketsOpen.inc();
    this.feeds.join(seat);
    socket.onAny(() => {
      if (++said > messagesAtOnce + (Date.now() - since) / 10_000) seat.close('too_many_messages');
    });
    socket.on('renew', (message, answer) => {
      void this.renew(socket, seat, message).then((said) => typeof answer === 'function' && answer(said));
    });
    socket.on('disconnect', () => {
      this.seats.delete(seat);
      socketsOpen.dec();
      this.feeds.leave(seat);
      seat.leave();
      // Leaving the namespace would leave the connection open.
      socket.conn.close();
    });
  }

  /** The same recipient's new token. Never rejects. */
  private async renew(socket: RealtimeSocket, seat: Seat, message: unknown): Promise<object> {
    try {
      const reading = await this.tokens.read(readToken((message as { token?: unknown } | null)?.token));
      if ('refused' in reading) throw new Refusal(reading.refused);
      const { tenant, recipient } = reading.caller;
      const { inbox } = socket.data;
      if (tenant !== inbox.tenant || recipient !== inbox.recipient) throw new Refusal('unauthorized');
      if (socket.connected) seat.expireAt(reading.expires_at);
      return { expires_at: reading.expires_at.toISOString() };
    } catch (error) {
      return { error: error instanceof Refusal ? error.data : { code: 'unavailable' } };
    }
  }
}

function isRealtime({ url = '' }: IncomingMessage): boolean {
  return paths.includes(url.replace(/\?.*$/s, '').replace(/\/$/, ''));
}
