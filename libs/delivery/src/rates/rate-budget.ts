import type { Lane } from '@carillon/contracts';
import { Waiting } from '../provider/waiting.ts';
import { take, wanted, type Moments } from './moments.ts';

/** Moments that a replica was given: the first in so many milliseconds from now; or none, because others have the next ones. */
export type Lease = { readonly firstInMs: number; readonly count: number } | undefined;

/** Asks the database for moments, for all replicas the same one. */
export type LeaseMoments = (count: number) => Promise<Lease>;

/** How soon to ask again when the next moments are others', or the database is away. */
const againMs = 250;

/**
 * How often a provider may be called, all replicas together. Each replica takes moments ahead, many with one statement, so the
 * budget costs no statement per message; and since each moment is one replica's, adding replicas never exceeds it: at most one call
 * more than `perSecond` in any second.
 */
export class RateBudget {
  private moments: Moments;
  private readonly waiting = new Waiting();
  private usedLately = 0;
  private usedSince = 0;
  private asking = false;
  private timer?: NodeJS.Timeout;
  private closed = false;

  constructor(
    private readonly perSecond: number,
    private readonly lease: LeaseMoments,
  ) {
    this.moments = { at: [], everyMs: 1000 / perSecond };
  }

  /**
   * Waits for a moment to send.
   * @returns false when there was none before the patience ended
   * @throws Abandoned when this replica stops before
   */
  take(lane: Lane, patienceMs: number): Promise<boolean> {
    if (this.waiting.empty && this.takeNow() === 0) return Promise.resolve(true);
    const served = this.waiting.wait(lane, patienceMs);
    this.serve();
    return served;
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.waiting.close();
  }

  /** @returns 0 when a moment was taken, otherwise milliseconds until the next one; undefined: there is none */
  private takeNow(): number | undefined {
    const now = performance.now();
    const taken = take(this.moments, now);
    if (taken.kind === 'none') return undefined;
    this.moments = taken.left;
    if (taken.kind === 'later') return taken.inMs;
    if (now - this.usedSince > 1000) [this.usedLately, this.usedSince] = [0, now];
    this.usedLately += 1;
    return 0;
  }

  /** Serves who waits, as far as there are moments; goes on with the next moment, or the next lease. */
  private serve(): void {
    clearTimeout(this.timer);
    while (!this.waiting.empty && !this.closed) {
      const inMs = this.takeNow();
      if (inMs === undefined) {
        void this.ask();
        return;
      }
      if (inMs > 0) {
        this.timer = setTimeout(() => this.serve(), inMs);
        return;
      }
      this.waiting.serve();
    }
  }

  private async ask(): Promise<void> {
    if (this.asking) return;
    this.asking = true;
    const lease = await this.lease(wanted(this.waiting.size, this.usedLately, this.perSecond)).catch(() => undefined);
    this.asking = false;
    if (this.closed) return;
    if (!lease) {
      this.timer = setTimeout(() => this.serve(), againMs);
      return;
    }
    const { everyMs } = this.moments;
    // The answer came later than the database's clock was read: moments are late rather than early.
    const first = performance.now() + lease.firstInMs;
    this.moments = { at: Array.from({ length: lease.count }, (_, index) => first + index * everyMs), everyMs };
    this.serve();
  }
}
