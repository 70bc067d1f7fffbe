import { setTimeout as sleep } from 'node:timers/promises';
import { dueEvent } from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { Injectable, Logger, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { Alarm } from './alarm.ts';
import { lateSeconds, timersEnded } from './metrics.ts';
import { Timers, type ClaimedTimer } from './timers.ts';
import { verdict } from './verdict.ts';

/** How often every replica looks for due timers, and so the latest that one set through another replica fires. */
const tickMs = 1000;
/** Timers claimed, published and marked together. */
const batch = 500;
/**
 * Of what has fired no more messages than these, of up to a hundred events each, wait for preferences; the others stay timers until there is
 * room, so that they can still be cancelled, and the street is nobody's store.
 */
const mostWaiting = 10;
/** How long to wait for room. */
const roomMs = 50;
/** How long a claim lasts: longer than a publish may take until it fails (10 s), so that only the dead lose theirs. */
const leaseSeconds = 20;
/** After a failed publish. */
const pauseSeconds = 1;

/**
 * Fires due timers, each once in effect, with any number of replicas and whatever dies when:
 *
 *   pending ─ claim (lease) ─▶ claimed ─ publish, confirm ─ mark ─▶ fired
 *      ▲                          │ │ └─ deadline passed ──────────▶ expired
 *      └── publish failed ────────┘ └─ replica died: the claim lapses and another replica claims it
 *
 * No transaction and no connection is held while publishing. Whoever dies between the confirm and the mark, or is
 * suspended for longer than the lease, makes the message be published again, never lost; the copy is the same CloudEvent
 * (same source and id, same `timer`), which the events' deduplication absorbs. The other order, mark first, would lose
 * the message instead.
 *
 * A tick looks every second; in between an alarm rings at the very time of the next timer that this replica knows of.
 */
@Injectable()
export class Firing implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(Firing.name);
  private readonly alarm = new Alarm(() => void this.run());
  private running?: Promise<void>;
  private askedAgain = false;
  private stopping = false;
  private failing = false;

  constructor(
    private readonly timers: Timers,
    private readonly messages: Messages,
    private readonly schedule: SchedulerRegistry,
  ) {}

  /**
   * Not `@Interval`: an application that serves both HTTP and messages may run this hook once for each, and the registry
   * refuses the same interval a second time.
   */
  onApplicationBootstrap(): void {
    if (!this.schedule.doesExist('interval', Firing.name)) {
      this.schedule.addInterval(
        Firing.name,
        setInterval(() => void this.run(), tickMs),
      );
    }
  }

  /** A timer is due in so many milliseconds. What the next tick finds in time needs no alarm. */
  wakeIn(ms: number): void {
    if (ms < tickMs && !this.stopping) this.alarm.in(ms);
  }

  /** Finishes the round under way, so that nothing stays claimed. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    this.alarm.stop();
    await this.running;
  }

  /** One round at a time; one that is asked for meanwhile follows. Never rejects. */
  private run(): Promise<void> {
    this.askedAgain = true;
    this.running ??= this.rounds().finally(() => (this.running = undefined));
    return this.running;
  }

  private async rounds(): Promise<void> {
    while (this.askedAgain && !this.stopping) {
      this.askedAgain = false;
      try {
        await this.round();
        if (this.failing) this.logger.log('firing again');
        this.failing = false;
      } catch (error) {
        // The next tick tries again; what was claimed comes back when its claim lapses.
        if (!this.failing) this.logger.warn({ msg: 'cannot fire timers', error: (error as Error).message });
        this.failing = true;
      }
    }
  }

  private async round(): Promise<void> {
    let more = false;
    do {
      // A claim without a broker would only delay its timers; the tick after the broker's return fires them.
      if (this.messages.trouble() !== undefined) return;
      const crowded: boolean = more && (await this.messages.waitingFor('preferences', dueEvent)) > mostWaiting;
      const claimed = await this.timers.claim(batch, leaseSeconds, crowded);
      await this.settle(claimed);
      if (crowded) await sleep(roomMs);
      more = crowded || claimed.length === batch;
    } while (more && !this.stopping);
    const next = await this.timers.untilNextDue();
    if (next !== undefined) this.wakeIn(next);
  }

  private async settle(claimed: readonly ClaimedTimer[]): Promise<void> {
    const { fire = [], lapse = [], wait = [] } = Object.groupBy(claimed, (timer) => verdict(timer, timer.now));
    const confirms = await Promise.allSettled(fire.map((timer) => this.publish(timer)));
    const failed = fire.filter((_, index) => confirms[index]!.status === 'rejected');
    const reasons = confirms.flatMap((confirm) =>
      confirm.status === 'rejected' ? (confirm.reason as Error).message : [],
    );
    if (failed.length > 0)
      this.logger.warn({ msg: 'timers not fired, trying again', count: failed.length, error: reasons[0] });

    const late = await this.timers.markFired(fire.filter((_, index) => confirms[index]!.status === 'fulfilled'));
    await this.timers.markExpired(lapse);
    await this.timers.release(failed, pauseSeconds, reasons);
    await this.timers.release(wait, pauseSeconds);
    for (const seconds of late) lateSeconds.observe(seconds);
    timersEnded.inc({ outcome: 'fired' }, late.length);
    timersEnded.inc({ outcome: 'expired' }, lapse.length);
    timersEnded.inc({ outcome: 'failed' }, failed.length);
  }

  private publish({ timer_id, exchange, urgent, routing_key, message }: ClaimedTimer): Promise<void> {
    if (exchange !== null) return this.messages.publishForeign(exchange, routing_key, message);
    return urgent
      ? this.messages.publishEvent('events', routing_key, { ...message, timer: timer_id })
      : // Under one key, so that those of different types share messages too.
        this.messages.publishEvent('due', 'due', { ...message, timer: timer_id });
  }
}
