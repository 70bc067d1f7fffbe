import {
  digestDue,
  digestType,
  eventId,
  notificationId,
  type CloudEvent,
  type DigestDue,
  type DigestItem,
} from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { insertRows, type SqlRunner } from '@carillon/persistence';
import { Injectable, Logger, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Alarm } from '../firing/alarm.ts';
import { Firing } from '../firing/firing.ts';
import type { NewTimer } from '../setting/new-timer.ts';
import { windowsClosed } from './metrics.ts';
import { namedItems } from './named.ts';

/** How often every replica looks for windows that are due, and so the latest that one opened through another replica is closed. */
const tickMs = 1_000;
/** Windows closed in one transaction. */
const batch = 100;
/** What the older ones of a batch may bring along, in bytes of JSON; beyond it only how many they are is told. */
const broughtAlong = 256_000;
/** How many of a batch are told at most. */
const toldOfBatch = 50;

const inTheirWindows = `WITH named AS (SELECT * FROM unnest($1::text[], $2::uuid[]) AS named(tenant, window_id))`;

/** A window whose row is held. */
export interface HeldWindow {
  tenant: string;
  window_id: string;
  kind: DigestDue['kind'];
  recipient: string;
  channel: DigestDue['channel'];
  due_at: Date;
  /** The database's time. */
  now: Date;
}

/**
 * Closes windows, each once, with any number of replicas and whatever dies when:
 *
 *   pending ─ due, or its recipient chose otherwise ─▶ closed, replanned ─▶ a timer that is due, with all that waited
 *      └────── nothing is left to send ─▶ empty
 *
 * The window, what was in it and the timer change in one transaction. From then on firing takes care of the message: it is on the
 * street once in effect, under the id of the window.
 */
@Injectable()
export class Closing implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(Closing.name);
  private readonly alarm = new Alarm(() => void this.closeDue());
  private tick?: NodeJS.Timeout;
  private running?: Promise<void>;
  private askedAgain = false;
  private stopping = false;

  constructor(
    private readonly database: DataSource,
    private readonly firing: Firing,
    private readonly messages: Messages,
  ) {}

  onApplicationBootstrap(): void {
    this.tick ??= setInterval(() => void this.closeDue(), tickMs);
  }

  /** A window is due in so many milliseconds. What the next tick finds in time needs no alarm. */
  wakeIn(ms: number): void {
    if (ms < tickMs && !this.stopping) this.alarm.in(ms);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    clearInterval(this.tick);
    this.alarm.stop();
    await this.running;
  }

  /**
   * Closes windows whose rows the transaction holds.
   *
   * @param woken why, where it is before their time: all that waited is then decided anew
   */
  async close(db: SqlRunner, windows: readonly HeldWindow[], woken?: ReadonlyMap<string, string>): Promise<void> {
    if (windows.length === 0) return;
    const rows: { tenant: string; window_id: string; item: DigestItem; expired: boolean }[] = await db.query(
      `${inTheirWindows}
       SELECT i.tenant, i.window_id, i.item, i.expires_at <= now() AS expired FROM digest_items i, named
        WHERE i.state = 'waiting' AND ${namedItems('window_id')}
        ORDER BY i.created_at, i.arrival FOR UPDATE OF i`,
      named(windows),
    );
    const waiting = Map.groupBy(rows, ({ window_id }) => window_id);
    const closed = windows.map((window) => {
      const items = (waiting.get(window.window_id) ?? []).flatMap(({ item, expired }) => (expired ? [] : item));
      return { window, items, woken: woken?.get(window.window_id) };
    });
    await insertRows(
      db,
      'timers',
      closed.flatMap(({ window, items, woken: by }) => (items.length > 0 ? this.timerOf(window, items, by) : [])),
    );
    await db.query(
      `UPDATE digest_windows SET state = closed.state, closed_at = now(), items = closed.items, notification_id = closed.notification_id
         FROM json_to_recordset($1) AS closed(tenant text, window_id uuid, state text, items int, notification_id uuid)
        WHERE digest_windows.tenant = closed.tenant AND digest_windows.window_id = closed.window_id`,
      [
        JSON.stringify(
          closed.map(({ window, items, woken: by }) => ({
            tenant: window.tenant,
            window_id: window.window_id,
            state: items.length === 0 ? 'empty' : by === undefined ? 'closed' : 'replanned',
            items: items.length,
            notification_id: items.length === 0 ? null : this.sentAs(window, items),
          })),
        ),
      ],
    );
    await db.query(
      `${inTheirWindows}
       UPDATE digest_items i SET state = CASE WHEN i.expires_at <= now() THEN 'expired' ELSE 'taken' END, item = NULL
         FROM named WHERE i.state = 'waiting' AND ${namedItems('window_id')}`,
      named(windows),
    );
    for (const { window, items, woken: by } of closed) {
      windowsClosed.inc({ kind: window.kind, outcome: items.length === 0 ? 'empty' : by ? 'replanned' : 'closed' });
    }
  }

  /** Closes what is due. One round at a time; one that is asked for meanwhile follows. Never rejects. */
  closeDue(): Promise<void> {
    this.askedAgain = true;
    this.running ??= this.rounds().finally(() => (this.running = undefined));
    return this.running;
  }

  private async rounds(): Promise<void> {
    while (this.askedAgain && !this.stopping) {
      this.askedAgain = false;
      try {
        while (!this.stopping && (await this.closeSome()) === batch);
        const next = await this.untilNextDue();
        if (next !== undefined) this.wakeIn(next);
      } catch (error) {
        this.logger.warn({ msg: 'cannot close digests', error: (error as Error).message });
      }
    }
  }

  /** Replicas that close at the same time get different windows; one that something is being added to is closed a moment later. */
  private async closeSome(): Promise<number> {
    const count = await this.database.transaction(async (transaction) => {
      const due: HeldWindow[] = await transaction.query(
        `SELECT ${heldColumns} FROM digest_windows WHERE state = 'pending' AND due_at <= now()
          ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED`,
        [batch],
      );
      await this.close(transaction, due);
      return due.length;
    });
    if (count > 0) this.firing.wakeIn(0);
    return count;
  }

  /** Milliseconds until the next window is due; undefined when there is none. One that somebody else holds is left to them. */
  private async untilNextDue(): Promise<number | undefined> {
    const [next]: { wait_ms: number }[] = await this.database.query(
      `SELECT (extract(epoch FROM due_at - now()) * 1000)::float8 AS wait_ms FROM digest_windows
        WHERE state = 'pending' AND due_at > now() ORDER BY due_at LIMIT 1`,
    );
    return next?.wait_ms;
  }

  private timerOf(window: HeldWindow, items: readonly DigestItem[], by: string | undefined): NewTimer {
    const { tenant, window_id, kind, recipient, channel, due_at, now } = window;
    const message: CloudEvent<DigestDue> = {
      specversion: '1.0',
      id: window_id,
      source: this.source(),
      type: digestDue.type,
      time: now.toISOString(),
      tenant,
      data: {
        window_id,
        kind,
        recipient,
        channel,
        ...(by !== undefined && { woken: { by } }),
        items: kind === 'batch' ? asFarAsTold(items) : [...items],
      },
    };
    return {
      timer_id: window_id,
      tenant,
      kind: 'digest',
      event_id: undefined,
      due_at: (due_at < now ? due_at : now).toISOString(),
      expires_at: undefined,
      routing_key: digestDue.key,
      message,
      recipients: [recipient],
      state: 'pending',
      created_at: now.toISOString(),
    };
  }

  /** The notification that it is sent as: of a digest its own, of a batch the last of those that it stands for. */
  private sentAs({ tenant, window_id, kind, recipient, now }: HeldWindow, items: readonly DigestItem[]): string {
    if (kind === 'batch') return items.at(-1)!.notification_id;
    return notificationId(eventId(now.getTime(), tenant, this.source(), window_id), digestType, recipient);
  }

  private source(): string {
    return `${this.messages.source}/digests`;
  }
}

/** What {@link HeldWindow} is read from. In milliseconds, as an id holds them and JavaScript does. */
export const heldColumns = `tenant, window_id, kind, recipient, channel, due_at, date_trunc('milliseconds', now()) AS now`;

/** The last one whole, and before it as many as one message should carry; the oldest say only that they were there. */
function asFarAsTold(items: readonly DigestItem[]): DigestItem[] {
  let left = broughtAlong;
  const told = items.toReversed().map((item, index) => {
    const { request, ...rest } = item;
    if (index > 0) left -= index < toldOfBatch ? Buffer.byteLength(JSON.stringify(request ?? {})) : left + 1;
    return left >= 0 ? item : rest;
  });
  return told.reverse();
}

function named(windows: readonly HeldWindow[]): [string[], string[]] {
  return [windows.map(({ tenant }) => tenant), windows.map(({ window_id }) => window_id)];
}
