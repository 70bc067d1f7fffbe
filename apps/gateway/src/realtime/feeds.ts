import { inboxKey, type InboxChanged } from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { ClosingCode } from './events.ts';
import type { Seat } from './seat.ts';
import { watchedSeconds, Watches } from './watches.ts';

/** Whose inbox. */
export interface Inbox {
  tenant: string;
  recipient: string;
}

/** So many sockets of one recipient are open at once on a replica; another one takes the place of the oldest. */
const seatsAtMost = 20;
/** Twice within the time for which inboxes are watched, should one time fail. */
const renewMs = (watchedSeconds / 3) * 1000;

/** What one recipient's sockets on this replica are told. */
class Feed {
  readonly seats = new Set<Seat>();
  watchedAt = 0;
  ready!: Promise<unknown>;

  constructor(readonly inbox: Inbox) {}

  take(change: InboxChanged): void {
    for (const seat of this.seats) seat.take(change);
  }
}

/** The recipients who have a socket here. Their signals are asked for with the first socket and given up with the last. */
@Injectable()
export class Feeds implements BeforeApplicationShutdown {
  private readonly feeds = new Map<string, Feed>();
  private readonly renewal: NodeJS.Timeout;

  constructor(
    private readonly messages: Messages,
    private readonly watches: Watches,
  ) {
    // What was published while the broker was away reached nobody here.
    messages.onConnected(() => {
      for (const feed of this.feeds.values()) catchUp(feed);
    });
    this.renewal = setInterval(() => this.renew(), renewMs).unref();
  }

  of(tenant: string, recipient: string): Pick<Feed, 'take'> | undefined {
    return this.feeds.get(inboxKey(tenant, recipient));
  }

  join(seat: Seat): void {
    const { tenant, recipient } = seat.inbox;
    const key = inboxKey(tenant, recipient);
    let feed = this.feeds.get(key);
    if (!feed) this.feeds.set(key, (feed = this.begin(key, seat.inbox)));
    feed.seats.add(seat);
    const [oldest] = feed.seats;
    if (feed.seats.size > seatsAtMost) oldest!.close('too_many_sockets');
    // Only what happens from here on is heard, so this is when to ask what happened before.
    void feed.ready.then(() => seat.start());
  }

  /** Ends all sockets of a recipient here. */
  close({ tenant, recipient }: Inbox, code: ClosingCode): void {
    for (const seat of this.feeds.get(inboxKey(tenant, recipient))?.seats ?? []) seat.close(code);
  }

  leave(seat: Seat): void {
    const { tenant, recipient } = seat.inbox;
    const key = inboxKey(tenant, recipient);
    const feed = this.feeds.get(key);
    if (!feed?.seats.delete(seat) || feed.seats.size > 0) return;
    this.feeds.delete(key);
    this.messages.recipientKeys.unbind(key);
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.renewal);
  }

  private begin(key: string, inbox: Inbox): Feed {
    const feed = new Feed(inbox);
    feed.ready = Promise.all([this.messages.recipientKeys.bind(key), this.watch(feed)]);
    return feed;
  }

  private async watch(feed: Feed): Promise<void> {
    await this.watches.watch(feed.inbox);
    const lapsed = feed.watchedAt > 0 && Date.now() > feed.watchedAt + watchedSeconds * 1000;
    feed.watchedAt = Date.now();
    if (lapsed) catchUp(feed);
  }

  private renew(): void {
    for (const feed of this.feeds.values()) if (feed.watchedAt > 0) void this.watch(feed);
  }
}

function catchUp({ seats }: Feed): void {
  for (const seat of seats) seat.catchUpAgain();
}
