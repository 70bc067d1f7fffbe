import { setTimeout as sleep } from 'node:timers/promises';
import {
  countUnread,
  firstIdAt,
  missedNotifications,
  Problem,
  type InboxChanged,
  type Notification,
} from '@carillon/contracts';
import type { Messages } from '@carillon/messaging';
import { Logger } from '@nestjs/common';
import type { Page } from '../origins/origin.ts';
import type { Signer } from '../access/recipient-tokens.ts';
import { bytesWaiting, cut } from './connection.ts';
import type { ClosingCode, Heard, RealtimeSocket } from './events.ts';
import type { Inbox } from './feeds.ts';
import { sinceAtMost } from './handshake.ts';
import { LastIds } from './last-ids.ts';
import { socketMessages, socketsClosed } from './metrics.ts';
import { missedBy } from './missed.ts';
import type { Turns } from './turns.ts';

const logger = new Logger('sockets');

/** Whoever has missed more reads the list. */
const missedAtMost = 500;
/** Signals of two notifications that are stored at the same moment may come in either order, at most so far apart. */
const overlapMs = 2_000;
/** Notifications that wait until the socket has caught up. */
const waitingAtMost = 500;
/** What a client may leave unread in its connection. In bytes. */
const unreadAtMost = 1024 * 1024;
/** A client that takes nothing for so long while it catches up is too slow. */
const patienceMs = 5_000;
/** After these a client has no reason to come back by itself. */
const final: ReadonlySet<ClosingCode> = new Set(['too_many_sockets', 'too_many_messages', 'recipient_erased']);
/** setTimeout takes no more. */
const timerAtMost = 2 ** 31 - 1;

/**
 * One socket: what it was given, and what it is yet to be given.
 *
 *   joining ──▶ catching up ──▶ live
 *                    ▲            │
 *                    └────────────┘  after signals may have been missed
 *
 * While it catches up, signals wait; what they bring anew and what was read meanwhile is given once.
 */
export class Seat {
  readonly inbox: Inbox;
  signer!: Signer;
  readonly page: Page;
  private state: 'joining' | 'catching up' | 'live' = 'joining';
  private again = false;
  private waiting: InboxChanged[] = [];
  private waitingSize = 0;
  /** Ids that the client has, as far as is known. */
  private has?: LastIds;
  /** The one of them that came last. */
  private last?: Pick<Notification, 'id' | 'arrived_at'>;
  private expiry?: NodeJS.Timeout;
  private givenUp = false;

  constructor(
    private readonly socket: RealtimeSocket,
    private readonly messages: Messages,
    private readonly turns: Turns,
  ) {
    const { inbox, page, since, signer, expires_at } = socket.data;
    this.inbox = inbox;
    this.page = page;
    if (since.length > 0) {
      this.has = new LastIds(since, sinceAtMost);
      this.last = { id: since.at(-1)!, arrived_at: '' };
    }
    this.holdBy(signer, expires_at);
  }

  /** Signals of the recipient arrive from now on. */
  start(): void {
    if (this.state === 'joining')
      void this.catchUp().then(() => this.last && this.send('ready', { since: this.last.id }));
  }

  /** Signals may have been missed. */
  catchUpAgain(): void {
    if (this.state === 'live') void this.catchUp();
    else if (this.state === 'catching up') this.again = true;
  }

  take(change: InboxChanged): void {
    if (this.state === 'live') return this.give(change);
    this.waitingSize += 1 + change.created.length + change.updated.length;
    if (this.waitingSize <= waitingAtMost) this.waiting.push(change);
    else this.waiting = [];
  }

  /** What its token was proved by, and until when it holds. */
  holdBy(signer: Signer, expires_at: Date): void {
    this.signer = signer;
    this.expireAt(expires_at);
  }

  private expireAt(time: Date): void {
    clearTimeout(this.expiry);
    const left = time.getTime() - Date.now();
    if (left <= 0) this.close('token_expired');
    else this.expiry = setTimeout(() => this.expireAt(time), Math.min(left, timerAtMost)).unref();
  }

  /** Says why and disconnects. A client that may come back does so by itself: to it the connection is lost, not ended. */
  close(code: ClosingCode): void {
    if (!this.open) return;
    this.send('closing', { code });
    socketsClosed.inc({ code });
    if (final.has(code)) this.socket.disconnect(true);
    else this.socket.conn.close();
  }

  /** The socket is gone. */
  leave(): void {
    clearTimeout(this.expiry);
    this.waiting = [];
  }

  /** Never rejects. */
  private async catchUp(): Promise<void> {
    this.state = 'catching up';
    do {
      this.again = false;
      await this.giveMissed();
    } while (this.again && this.open);
    this.state = 'live';
    const { waiting, waitingSize } = this;
    this.waiting = [];
    this.waitingSize = 0;
    if (waitingSize > waitingAtMost) this.send('resync', {});
    for (const change of waiting) this.give(change);
  }

  private async giveMissed(): Promise<void> {
    for (let delay = 200; this.open; delay = Math.min(delay * 2, 5_000)) {
      try {
        return await this.turns.take(() => this.giveMissedOnce());
      } catch (error) {
        logger.warn({ msg: 'a socket cannot catch up yet', error: (error as Error).message });
        if (error instanceof Problem && error.status < 500) return this.send('resync', {});
        await sleep(delay * (0.5 + Math.random()), undefined, { ref: false });
      }
    }
  }

  private async giveMissedOnce(): Promise<void> {
    if (!this.open) return;
    const { inbox, last } = this;
    const begun = Date.now();
    const overlap_ms = this.has && this.has.size > 1 ? overlapMs : 0;
    const [missed, { count }] = await Promise.all([
      last && this.messages.call(missedNotifications, { ...inbox, since: last.id, overlap_ms, limit: missedAtMost }),
      this.messages.call(countUnread, { ...inbox }),
    ]);
    const now = { id: firstIdAt(begun), arrived_at: new Date(begun).toISOString() };
    if (missed?.more) {
      this.send('resync', {});
      this.last = now;
    } else if (missed) {
      for (const { event, notification } of missedBy(this.has ?? new Set(), last!.id, missed)) {
        await this.room();
        this.giveOne(event, notification);
      }
    }
    this.last ??= now;
    this.send('unread_count', { count });
  }

  private give({ created, updated, deleted, reload, unread_count }: InboxChanged): void {
    // A signal may come twice.
    for (const one of created) if (!this.has?.has(one.id)) this.giveOne('notification.created', one);
    for (const one of updated) this.giveOne('notification.updated', one);
    for (const id of deleted) this.send('notification.deleted', { id });
    if (reload) this.send('resync', {});
    this.send('unread_count', { count: unread_count });
    this.has?.trim();
  }

  private giveOne(event: 'notification.created' | 'notification.updated', notification: Notification): void {
    const { id, arrived_at, status } = notification;
    this.send(event, { notification });
    (this.has ??= new LastIds([], sinceAtMost)).add(id, arrived_at);
    if (status !== 'snoozed' && arrived_at >= (this.last?.arrived_at ?? '')) this.last = { id, arrived_at };
  }

  private send<Event extends keyof Heard>(event: Event, ...message: Parameters<Heard[Event]>): void {
    if (!this.open) return;
    this.socket.emit(event, ...message);
    socketMessages.inc({ event });
    if (bytesWaiting(this.socket.conn) > unreadAtMost) this.giveUp();
  }

  /** Waits until the client has taken most of what was sent. */
  private async room(): Promise<void> {
    const deadline = Date.now() + patienceMs;
    while (this.open && bytesWaiting(this.socket.conn) > unreadAtMost / 2) {
      if (Date.now() > deadline) return this.giveUp();
      await sleep(20);
    }
  }

  private get open(): boolean {
    return this.socket.connected && !this.givenUp;
  }

  /** Nothing more would reach it; it comes back and catches up. */
  private giveUp(): void {
    this.givenUp = true;
    socketsClosed.inc({ code: 'too_slow' });
    cut(this.socket.conn);
  }
}
