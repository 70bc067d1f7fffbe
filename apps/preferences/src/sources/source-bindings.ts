import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { domainEvent } from '@carillon/contracts';
import { Messages, type BindingResult } from '@carillon/messaging';
import { BindingStore } from './binding-store.ts';
import { sourceBindings } from './metrics.ts';
import { planBindings, type Binding } from './plan-bindings.ts';
import { Sources } from './sources.ts';

/** What is missing is asked for soon, then less and less often. */
const firstRetryMs = 1_000;
/** Exchanges that are asked about at the same time. */
const atOnce = 8;

/**
 * Keeps the intake queue bound to the exchanges that catalogs name, and to no others: on every connect, on every change of a
 * catalog, and every while in between. Each replica does it by itself: whatever is done twice is harmless, and one that worked
 * from an older catalog is put right by the next round, which the change itself sets off.
 */
@Injectable()
export class SourceBindings implements BeforeApplicationShutdown {
  /** Exchanges may come and go at any time: even when all is well they are looked at this often. */
  checkMs = 30_000;
  private readonly logger = new Logger(SourceBindings.name);
  private readonly queue: string;
  private timer?: NodeJS.Timeout;
  private running?: Promise<void>;
  private wantedAgain = false;
  private retryMs = firstRetryMs;
  private stopped = false;

  constructor(
    private readonly sources: Sources,
    private readonly store: BindingStore,
    private readonly messages: Messages,
  ) {
    this.queue = messages.names.queues('preferences', domainEvent)[0]!.queue;
    messages.onConnected(() => this.refresh());
  }

  /** Something may be different now. Never rejects; resolves when a round that began after this call is done. */
  refresh(): Promise<void> {
    this.retryMs = firstRetryMs;
    return this.run();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private run(): Promise<void> {
    this.wantedAgain = true;
    return (this.running ??= this.rounds());
  }

  private async rounds(): Promise<void> {
    clearTimeout(this.timer);
    let complete = false;
    while (this.wantedAgain && !this.stopped) {
      this.wantedAgain = false;
      complete = await this.round().catch((error: Error) => {
        this.logger.warn({ msg: 'sources could not be bound; trying again', error: error.message });
        return false;
      });
    }
    // In the same turn as the question whether another round is wanted.
    this.running = undefined;
    if (this.stopped) return;
    this.timer = setTimeout(() => void this.run(), complete ? this.checkMs : this.retryMs);
    this.retryMs = complete ? firstRetryMs : Math.min(this.retryMs * 2, this.checkMs);
  }

  /** Returns whether everything that is wanted is bound. */
  private async round(): Promise<boolean> {
    const [sources, recorded] = await Promise.all([this.sources.permitted(), this.store.all()]);
    const plans = planBindings(sources, recorded);
    await this.store.announce(plans.flatMap(({ exchange, added }) => added.map((key) => [exchange, key] as const)));
    const results: (BindingResult & { exchange: string })[] = [];
    for (let next = 0; next < plans.length; next += atOnce) {
      const some = plans.slice(next, next + atOnce).map(async ({ exchange, bind, unbind }) => {
        const ends = await this.messages.bindForeign({ queue: this.queue, exchange, bind, unbind });
        return ends.map((end) => ({ ...end, exchange }));
      });
      results.push(...(await Promise.all(some)).flat());
    }
    const unbound = results.filter(({ state }) => state === 'unbound');
    const wanted = results.flatMap((result) =>
      result.state === 'unbound' ? [] : [{ error: null, ...result, state: result.state }],
    );
    await this.store.record(wanted, new Date());
    await this.store.remove(unbound);
    this.report(wanted, unbound, recorded);
    return wanted.every(({ state }) => state === 'bound');
  }

  /** Says what is different from the record; a missing exchange is no news every half minute. */
  private report(
    wanted: readonly Pick<Binding, 'exchange' | 'routing_key' | 'state' | 'error'>[],
    unbound: readonly Pick<Binding, 'exchange' | 'routing_key'>[],
    recorded: readonly Binding[],
  ): void {
    const before = new Map(recorded.map(({ exchange, routing_key, state }) => [`${exchange}\n${routing_key}`, state]));
    for (const { exchange, routing_key, state, error } of wanted) {
      if (before.get(`${exchange}\n${routing_key}`) === state) continue;
      if (state === 'bound') this.logger.log({ msg: 'source bound', exchange, routing_key });
      else this.logger.warn({ msg: `source ${state}; it is asked for again`, exchange, routing_key, error });
    }
    for (const { exchange, routing_key } of unbound) this.logger.log({ msg: 'source unbound', exchange, routing_key });
    for (const state of ['bound', 'missing', 'refused'] as const)
      sourceBindings.set({ state }, wanted.filter((binding) => binding.state === state).length);
  }
}
