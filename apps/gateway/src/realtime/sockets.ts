import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { Problem } from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { CONFIG, TenantStandings } from '@carillon/service';
import { Inject, Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { Server as Engine } from 'engine.io';
import { Server } from 'socket.io';
import { RecipientTokens } from '../access/recipient-tokens.ts';
import type { GatewayConfig } from '../config.ts';
import { FailedCredentials } from '../limits/failed-credentials.ts';
import { clientAddress } from '../limits/network.ts';
import type { Page } from '../origins/origin.ts';
import { Origins } from '../origins/origins.ts';
import type { RealtimeServer, RealtimeSocket } from './events.ts';
import { Feeds } from './feeds.ts';
import { readHandshake, readToken, Refusal } from './handshake.ts';
import { socketsOpen, socketsRefused } from './metrics.ts';
import { RevokedTokens } from './revoked-tokens.ts';
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
  private readonly pages = new WeakMap<object, Page>();
  /** Whose connection it is. */
  private readonly addresses = new WeakMap<object, string>();
  private stopping = false;

  constructor(
    private readonly tokens: RecipientTokens,
    private readonly messages: Messages,
    private readonly feeds: Feeds,
    private readonly standings: TenantStandings,
    private readonly origins: Origins,
    private readonly failed: FailedCredentials,
    revoked: RevokedTokens,
    @Inject(CONFIG) private readonly config: Pick<GatewayConfig, 'TRUSTED_PROXIES'>,
  ) {
    standings.onChange((tenant, standing) => {
      if (standing === 'active') return;
      for (const seat of this.seats) if (seat.inbox.tenant === tenant) seat.close('tenant_suspended');
    });
    revoked.watch(this.seats);
    origins.onChange((tenant) => {
      for (const seat of this.seats)
        if (seat.inbox.tenant === tenant && !origins.permit(seat.page, tenant)) seat.close('origin_not_allowed');
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
    this.engine.on('connection', (connection: { request: IncomingMessage | null }) => {
      this.pages.set(connection, pageOf(connection.request!));
      this.addresses.set(connection, this.addressOf(connection.request!));
      connection.request = null;
    });
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
  private refuses(request: IncomingMessage): string | undefined {
    if (this.stopping) return 'stopping';
    if (this.engine.clientsCount - this.seats.size >= strangersAtMost) return 'too_many_strangers';
    return this.origins.permit(pageOf(request), undefined) ? undefined : 'origin';
  }

  private addressOf({ socket, headers }: IncomingMessage): string {
    const forwarded = headers['x-forwarded-for'];
    return clientAddress(socket.remoteAddress ?? '', forwarded?.toString(), this.config.TRUSTED_PROXIES);
  }

  /** @throws Refusal; Problem 429 */
  private async admit(socket: RealtimeSocket): Promise<void> {
    const { token, since } = readHandshake(socket.handshake.auth);
    socket.handshake.auth = {};
    const address = this.addresses.get(socket.conn)!;
    const reading = await this.tokens.read(token, !this.failed.isFull(address));
    if ('refused' in reading) {
      if (reading.refused === 'unauthorized') await this.failed.wrong('token', address);
      if (reading.refused === 'token_expired') await this.failed.expired(reading.expired);
      throw new Refusal(reading.refused);
    }
    const { tenant, recipient } = reading.caller;
    if (this.standings.of(tenant) !== 'active') throw new Refusal('tenant_suspended');
    const page = this.pages.get(socket.conn)!;
    if (!this.origins.permit(page, tenant)) throw new Refusal('origin_not_allowed');
    socket.data = { inbox: { tenant, recipient }, page, expires_at: reading.expires_at, signer: reading.signer, since };
  }

  private refuse(socket: RealtimeSocket, error: unknown, next: (error: Error) => void): void {
    const refusal = refusalOf(error);
    if (refusal.data.code === 'unavailable' && refusal !== error) this.logger.error(error);
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
      if (socket.connected) seat.holdBy(reading.signer, reading.expires_at);
      return { expires_at: reading.expires_at.toISOString() };
    } catch (error) {
      return { error: error instanceof Refusal ? error.data : { code: 'unavailable' } };
    }
  }
}

function pageOf({ headers: { origin, host } }: IncomingMessage): Page {
  return { origin, host };
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  return new Refusal(error instanceof Problem && error.status === 429 ? 'too_many_attempts' : 'unavailable');
}

function isRealtime({ url = '' }: IncomingMessage): boolean {
  return paths.includes(url.replace(/\?.*$/s, '').replace(/\/$/, ''));
}
