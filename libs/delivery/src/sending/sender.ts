import { setTimeout as sleep } from 'node:timers/promises';
import { Logger, type BeforeApplicationShutdown, type OnApplicationShutdown } from '@nestjs/common';
import { isDatabaseAway } from '@carillon/persistence';
import type { DeliveryOptions } from '../delivery-options.ts';
import type { Announcer } from '../outcomes/announcer.ts';
import type { Message, SendOutcome } from '../provider/provider.ts';
import type { Slots } from '../provider/slots.ts';
import { changedFrom, next } from '../state/standing.ts';
import type { ClaimedDelivery, DeliveryFact, NewDelivery, Settlement } from '../store/delivery-row.ts';
import type { DeliveryStore } from '../store/delivery-store.ts';
import { Deadline } from './deadline.ts';
import { attemptSeconds, attemptsTotal } from './metrics.ts';
import { judge, settleUncertain } from './verdict.ts';

/**
 * Sends deliveries: takes a slot at the provider → records the attempt → calls the provider, holding no database connection
 * (as GOV.UK Notify does: a slow provider must not exhaust the pool) → records the outcome → publishes it.
 *
 * What can be lost on the way, and how it is found again:
 * - before the record: nothing happened yet, the incoming message comes again;
 * - between record and outcome: the lease runs out and the delivery becomes uncertain;
 * - between outcome and publication: a new delivery's message comes again and only publishes; a retry has no message, so
 *   it keeps its lease until the outcome is published.
 */
export class Sender<Content = unknown> implements BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly logger = new Logger(Sender.name);

  constructor(
    private readonly options: DeliveryOptions<Content>,
    private readonly store: DeliveryStore<Content>,
    private readonly slots: Slots,
    private readonly announcer: Announcer,
  ) {}

  /**
   * Brings a new delivery as far as it gets now: sent, retrying, failed, expired or uncertain. A delivery that is known
   * already is not sent again; only its outcome is told again, in case it was lost.
   */
  async send(delivery: NewDelivery<Content>): Promise<void> {
    await this.slots.take(delivery.lane);
    let fact: DeliveryFact | undefined;
    try {
      // Only now, with a slot in hand: the lease covers the attempt, not the wait for it.
      const claimed = await this.store.begin(delivery);
      if (!claimed) fact = await this.store.fact(delivery);
      else fact = claimed.status === 'sending' ? await this.attempt(claimed, false) : claimed;
    } finally {
      this.slots.release();
    }
    if (fact) await this.announcer.announce(fact);
  }

  /** Makes an attempt at a delivery claimed for a retry. The caller has taken a slot for it, which is given back here. */
  async retry(claimed: ClaimedDelivery<Content>): Promise<void> {
    let fact: DeliveryFact | undefined;
    try {
      fact = await this.attempt(claimed, true);
    } finally {
      this.slots.release();
    }
    if (fact && fact.status !== 'uncertain') await this.conclude(claimed, fact);
  }

  /** Publishes the outcome of a delivery that keeps its lease, then gives the lease up. */
  async conclude(claimed: ClaimedDelivery<Content>, fact: DeliveryFact): Promise<void> {
    await this.announcer.announce(fact);
    const verdict =
      fact.status === 'uncertain'
        ? settleUncertain(this.options.uncertain(fact.category), this.options.retry, circumstances(claimed))
        : null;
    // The resend after an uncertain attempt is not announced: "uncertain" was, and the next outcome will be.
    await this.store.release({ tenant: fact.tenant, id: fact.id, resend_in: verdict?.delaySeconds ?? null });
  }

  /** What has not begun goes back to the broker, what is under way is finished. */
  beforeApplicationShutdown(): void {
    this.slots.close();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.options.provider.close?.();
  }

  /** @returns what to tell; undefined when it is told already or the delivery had moved on */
  private async attempt(claimed: ClaimedDelivery<Content>, isRetry: boolean): Promise<DeliveryFact | undefined> {
    const started = performance.now();
    const outcome = await this.callProvider(claimed);
    const seconds = (performance.now() - started) / 1000;
    this.observe(claimed, outcome, seconds);

    const { happening, delaySeconds } = judge(outcome, this.options.retry, circumstances(claimed, seconds));
    const { status, failure } = next({ status: 'sending', failure: null }, happening);
    const settlement: Settlement = {
      tenant: claimed.tenant,
      id: claimed.id,
      number: claimed.attempts,
      status,
      failure,
      changed_from: changedFrom(happening),
      outcome: outcome.kind,
      error: outcome.kind === 'accepted' ? null : outcome.error,
      error_code: outcome.kind === 'accepted' ? null : (outcome.code ?? null),
      provider_message_id: outcome.kind === 'accepted' ? outcome.providerMessageId : null,
      delay: delaySeconds,
      keep_lease: isRetry || status === 'uncertain',
    };
    const fact = await this.settle(settlement);
    if (fact?.status !== 'uncertain') return fact;
    await this.conclude(claimed, fact);
    return undefined;
  }

  private async callProvider({
    id,
    destination,
    destination_name,
    content,
  }: ClaimedDelivery<Content>): Promise<SendOutcome> {
    const message: Message<Content> = {
      deliveryId: id,
      to: { address: destination, name: destination_name },
      content,
    };
    const { provider, sendTimeoutMs } = this.options;
    const time = new Deadline(sendTimeoutMs);
    try {
      return await Promise.race([provider.send(message, time.signal), time.over]);
    } catch (error) {
      // A defect of the adapter. Its message might hold anything, so only its kind is recorded with the delivery.
      this.logger.error({
        msg: 'the provider’s adapter failed',
        delivery_id: id,
        provider: provider.name,
        error: nameOf(error),
      });
      return { kind: 'uncertain', error: `the adapter of ${provider.name} failed (${nameOf(error)})` };
    } finally {
      time.clear();
    }
  }

  /**
   * The outcome is known only here, so a database that is away is waited for. If this process ends first, the delivery
   * becomes uncertain when its lease runs out.
   */
  private async settle(settlement: Settlement): Promise<DeliveryFact | undefined> {
    for (let delay = 100; ; delay = Math.min(delay * 2, 2_000)) {
      try {
        return await this.store.settle(settlement);
      } catch (error) {
        if (!isDatabaseAway(error)) throw error;
        await sleep(delay, undefined, { ref: false });
      }
    }
  }

  private observe({ id, attempts }: ClaimedDelivery<Content>, outcome: SendOutcome, seconds: number): void {
    const { channel, provider } = this.options;
    attemptsTotal.inc({ channel, provider: provider.name, outcome: outcome.kind });
    attemptSeconds.observe({ channel, provider: provider.name }, seconds);
    const entry = { delivery_id: id, attempt: attempts, provider: provider.name, ms: Math.round(seconds * 1000) };
    if (outcome.kind === 'accepted') this.logger.debug({ msg: 'sent', ...entry });
    else this.logger.warn({ msg: 'not sent', outcome: outcome.kind, error: outcome.error, ...entry });
  }
}

/** @param elapsedSeconds since the delivery was claimed */
function circumstances({ attempts, round_start, expires_in }: ClaimedDelivery, elapsedSeconds = 0) {
  return {
    retriesUsed: attempts - round_start - 1,
    expiresInSeconds: expires_in === null ? null : expires_in - elapsedSeconds,
    random: Math.random(),
  };
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
