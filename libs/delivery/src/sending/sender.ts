import { setTimeout as sleep } from 'node:timers/promises';
import { Logger, type BeforeApplicationShutdown, type OnApplicationShutdown } from '@nestjs/common';
import { Abandoned } from '@carillon/messaging';
import { isDatabaseAway } from '@carillon/persistence';
import type { Admissions, Applicant } from '../admission/admissions.ts';
import type { DeliveryOptions } from '../delivery-options.ts';
import type { Announcer } from '../outcomes/announcer.ts';
import type { ProviderGate } from '../provider/provider-gate.ts';
import type { Finding, Message, SendOutcome } from '../provider/provider.ts';
import type { ProviderDirectory } from '../providers/provider-directory.ts';
import { changedFrom, next, type Happening } from '../state/standing.ts';
import type { ClaimedDelivery, DeliveryFact, NewDelivery, Settlement } from '../store/delivery-row.ts';
import type { DeliveryStore } from '../store/delivery-store.ts';
import { Deadline } from './deadline.ts';
import { attemptSeconds, attemptsTotal } from './metrics.ts';
import type { UnderWay } from './under-way.ts';
import { afterLookUp, failsOver, judge, settleUncertain, summary, type Settling } from './verdict.ts';

/** How long an incoming message is kept for its attempt; then the attempt goes on without it, under the lease. */
const detachAfterMs = 2_000;
/** When the provider is asked what became of an uncertain message. */
const lookUpAfter = 60;

/** Whether an incoming message stands for a delivery's outcome, or its lease alone. */
interface Keeping {
  leased: boolean;
  /** The outcome is being recorded. */
  settling: boolean;
}

/**
 * Sends deliveries: passes the gate of a provider → records the attempt → calls the provider, holding no database connection
 * (as GOV.UK Notify does: a slow provider must not exhaust the pool) → records the outcome → publishes it. When the provider is at
 * fault, the next one is asked at once.
 *
 * What can be lost on the way, and how it is found again:
 * - before the record: nothing happened yet, the incoming message comes again;
 * - between record and outcome: the lease runs out and the delivery becomes uncertain;
 * - between outcome and publication: a new delivery's message comes again and only publishes; a retry, and an attempt that takes
 *   long, have no message, so they keep their lease until the outcome is published.
 */
export class Sender<Content = unknown> implements BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly logger = new Logger(Sender.name);
  /** Attempts that go on without their incoming message. */
  private readonly detached = new Set<Promise<void>>();

  constructor(
    private readonly options: DeliveryOptions<Content>,
    private readonly store: DeliveryStore<Content>,
    private readonly admissions: Admissions<Content>,
    private readonly directory: ProviderDirectory<Content>,
    private readonly announcer: Announcer,
    private readonly underWay: UnderWay,
  ) {}

  /**
   * Brings a new delivery as far as it gets now: sent, retrying, failed, expired or uncertain, or queued until a provider takes it.
   * A delivery that is known already is not sent again; only its outcome is told again, in case it was lost.
   */
  async send(delivery: NewDelivery<Content>): Promise<void> {
    const applicant = { ...delivery, attempts: 0, ageSeconds: (Date.now() - Date.parse(delivery.created_at)) / 1000 };
    const decision = await this.admissions.admit(applicant);
    if (decision.kind !== 'go') {
      const refused = decision.kind === 'refused';
      const kept = await this.store.putAside({
        ...delivery,
        status: refused ? 'failed' : 'queued',
        failure: refused ? 'technical' : null,
        error: decision.reason,
        delay: refused ? null : decision.inSeconds,
      });
      await this.tell(kept ?? (await this.store.fact(delivery)));
      return;
    }
    const { gate } = decision;
    let claimed: ClaimedDelivery<Content> | undefined;
    try {
      // Only now, with the gate passed: the lease covers the attempt, not the wait for it.
      claimed = await this.store.begin({ ...delivery, provider: gate.name });
    } finally {
      if (claimed?.status !== 'sending') await this.admissions.cancel(applicant, decision);
    }
    if (claimed?.status === 'sending') await this.tell(await this.patiently(claimed, gate));
    else await this.tell(claimed ?? (await this.store.fact(delivery)));
  }

  /**
   * Makes another attempt at a delivery that was claimed, if it may be sent now.
   * @param admitted told once it is decided; answers whether an attempt may still begin
   */
  async retry(claimed: ClaimedDelivery<Content>, admitted: () => boolean): Promise<void> {
    const applicant: Applicant = { ...claimed, ageSeconds: claimed.age };
    const decision = await this.admissions.admit(applicant).catch((error: unknown) => {
      if (error instanceof Abandoned) return undefined;
      throw error;
    });
    const wanted = admitted();
    if (!decision || (decision.kind === 'go' && !wanted)) {
      if (decision?.kind === 'go') await this.admissions.cancel(applicant, decision);
      await this.release(claimed);
      return;
    }
    if (decision.kind !== 'go') {
      const happening: Happening = { kind: 'given_up', failure: 'technical' };
      const fact = await this.settle(
        decision.kind === 'refused'
          ? { ...unattempted(claimed, decision.reason), ...consequence(claimed, happening), keep_lease: true }
          : { ...unattempted(claimed, decision.reason), delay: decision.inSeconds },
      );
      if (fact && decision.kind === 'refused') await this.conclude(claimed, fact);
      return;
    }
    const { gate } = decision;
    let started: ClaimedDelivery<Content> | undefined;
    try {
      const { tenant, id, attempts } = claimed;
      started = await this.store.start({ tenant, id, attempts, provider: gate.name });
    } finally {
      if (!started) await this.admissions.cancel(applicant, decision);
    }
    if (started) await this.deliver(started, gate, { leased: true, settling: false });
  }

  /** Asks the provider what became of an uncertain delivery that was claimed for it, and acts upon the answer. */
  async lookUp(claimed: ClaimedDelivery<Content>): Promise<void> {
    const { category, attempts, quiet } = claimed;
    const finding = await this.findingOf(claimed);
    const settling = afterLookUp(
      finding,
      this.options.uncertain(category),
      this.options.retry(category),
      circumstances(claimed),
      { quietSeconds: quiet, lookUpAfterSeconds: this.options.lookUpAfterSeconds ?? lookUpAfter },
    );
    this.logger.log({ msg: 'looked up', delivery_id: claimed.id, attempt: attempts, finding: finding.kind });
    if (settling.kind !== 'sent') return this.release(claimed, settling);
    const fact = await this.settle({
      ...unattempted(claimed, null),
      ...consequence(claimed, { kind: 'accepted' }),
      outcome: 'accepted',
      provider_message_id: settling.providerMessageId,
      keep_lease: true,
    });
    if (fact) await this.conclude(claimed, fact);
  }

  /** Publishes the outcome of a delivery that keeps its lease, then gives the lease up. */
  async conclude(claimed: ClaimedDelivery<Content>, fact: DeliveryFact): Promise<void> {
    await this.announcer.announce(fact);
    if (fact.status !== 'uncertain') return this.release(claimed);
    const { category } = fact;
    const policy = this.options.uncertain(category);
    const asked = policy !== 'stop' && (await this.lookedUpBy(fact)) !== undefined;
    const lookUpAfterSeconds = asked ? (this.options.lookUpAfterSeconds ?? lookUpAfter) : null;
    // The resend after an uncertain attempt is not announced: "uncertain" was, and the next outcome will be.
    await this.release(
      claimed,
      settleUncertain(policy, this.options.retry(category), circumstances(claimed), lookUpAfterSeconds),
    );
  }

  /** What has not begun goes back to the broker, what is under way is finished. */
  async beforeApplicationShutdown(): Promise<void> {
    this.directory.stopWaiting();
    await Promise.all(this.detached);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.directory.close();
  }

  /**
   * Makes an attempt for an incoming message, which waits for it for a while and no longer: a batch holds messages of others, and
   * a provider that takes half a minute must not hold up theirs.
   * @returns what to tell; undefined when that is done elsewhere
   */
  private patiently(claimed: ClaimedDelivery<Content>, gate: ProviderGate<Content>): Promise<DeliveryFact | undefined> {
    const keeping: Keeping = { leased: false, settling: false };
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        // Too late while it is being recorded that no lease stands for the outcome.
        if (keeping.settling) return;
        keeping.leased = true;
        const detached = attempt.then(
          () => undefined,
          (error: Error) => this.logger.warn({ msg: 'a delivery is left to its lease', error: error.message }),
        );
        this.detached.add(detached);
        void detached.finally(() => this.detached.delete(detached));
        resolve(undefined);
      }, detachAfterMs);
      const attempt = this.deliver(claimed, gate, keeping).finally(() => clearTimeout(timer));
      attempt.then(resolve, reject);
    });
  }

  /** Attempts a delivery, with one provider after the other while they are at fault. @returns what the caller has to tell */
  private async deliver(
    first: ClaimedDelivery<Content>,
    firstGate: ProviderGate<Content>,
    keeping: Keeping,
  ): Promise<DeliveryFact | undefined> {
    let claimed = first;
    let gate = firstGate;
    const tried = new Set<string>();
    const outcomes: SendOutcome[] = [];
    for (;;) {
      const { outcome, seconds } = await this.attempt(claimed, gate);
      outcomes.push(outcome);
      tried.add(gate.name);
      const inTime = claimed.expires_in === null || claimed.expires_in > seconds;
      const other =
        failsOver(outcome) && inTime
          ? // Whatever keeps another from being asked (this replica stops, the database is away): this outcome is recorded.
            await this.admissions.another(applicantOf(claimed), tried).catch(() => undefined)
          : undefined;
      if (!other) {
        const merged = summary(outcomes as [SendOutcome, ...SendOutcome[]]);
        return this.finish(claimed, outcome, merged, seconds, keeping);
      }
      const { tenant, id, attempts: number } = claimed;
      const failure = outcome as Exclude<SendOutcome, { kind: 'accepted' }>;
      const taken = await this.outlasting(() =>
        this.store.failOver({
          ...{ tenant, id, number, outcome: failure.kind, error: failure.error, error_code: failure.code ?? null },
          next_provider: other.name,
        }),
      ).catch((error: unknown) => {
        other.leave();
        throw error;
      });
      if (!taken) {
        other.leave();
        return undefined;
      }
      [claimed, gate] = [taken, other];
    }
  }

  /** Records how a delivery's attempts ended. @returns what the caller has to tell */
  private async finish(
    claimed: ClaimedDelivery<Content>,
    outcome: SendOutcome,
    merged: SendOutcome,
    seconds: number,
    keeping: Keeping,
  ): Promise<DeliveryFact | undefined> {
    const policy = this.options.retry(claimed.category);
    const { happening, delaySeconds } = judge(merged, policy, circumstances(claimed, seconds));
    const { status, failure } = next({ status: 'sending', failure: null }, happening);
    keeping.settling = true;
    const fact = await this.settle({
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
      keep_lease: keeping.leased || status === 'uncertain',
    });
    if (!fact || (!keeping.leased && fact.status !== 'uncertain')) return fact;
    await this.conclude(claimed, fact);
    return undefined;
  }

  private async attempt(
    claimed: ClaimedDelivery<Content>,
    gate: ProviderGate<Content>,
  ): Promise<{ outcome: SendOutcome; seconds: number }> {
    const started = performance.now();
    const outcome = await this.underWay.during(() => this.callProvider(claimed, gate));
    const seconds = (performance.now() - started) / 1000;
    gate.done(outcome, seconds * 1000);
    this.observe(claimed, gate.name, outcome, seconds);
    return { outcome, seconds };
  }

  private async callProvider(
    claimed: ClaimedDelivery<Content>,
    { name, provider }: ProviderGate<Content>,
  ): Promise<SendOutcome> {
    const time = new Deadline(this.options.sendTimeoutMs);
    try {
      return await Promise.race([provider!.send(messageOf(claimed), time.signal), time.over]);
    } catch (error) {
      // A defect of the adapter. Its message might hold anything, so only its kind is recorded with the delivery.
      this.logger.error({
        msg: 'the provider’s adapter failed',
        delivery_id: claimed.id,
        provider: name,
        error: nameOf(error),
      });
      return { kind: 'uncertain', error: `the adapter of ${name} failed (${nameOf(error)})` };
    } finally {
      time.clear();
    }
  }

  /** The provider that made the last attempt, if it can be asked about it. */
  private async lookedUpBy({ tenant, provider }: DeliveryFact): Promise<ProviderGate<Content> | undefined> {
    const gate = provider === null ? undefined : await this.directory.find(tenant, provider);
    return gate?.provider?.lookUp ? gate : undefined;
  }

  private async findingOf(claimed: ClaimedDelivery<Content>): Promise<Finding> {
    const gate = await this.lookedUpBy(claimed);
    const time = new Deadline(this.options.sendTimeoutMs);
    const unknown: Finding = { kind: 'unknown' };
    // It became uncertain when the attempt's time was over, or when the lease of whoever made it ran out; clocks may differ.
    const since = new Date(claimed.updated_at.getTime() - 2 * this.options.sendTimeoutMs - 120_000);
    try {
      const asked = gate?.provider?.lookUp?.(messageOf(claimed), since, time.signal);
      return await Promise.race([asked ?? unknown, time.over.then(() => unknown)]);
    } catch {
      return unknown;
    } finally {
      time.clear();
    }
  }

  private async tell(fact: DeliveryFact | undefined): Promise<void> {
    if (fact) await this.announcer.announce(fact);
  }

  private release({ tenant, id }: ClaimedDelivery<Content>, settling: Settling = { kind: 'stays' }): Promise<void> {
    return this.store.release({
      tenant,
      id,
      resend_in: settling.kind === 'resend' ? settling.inSeconds : null,
      look_up_in: settling.kind === 'look_up' ? settling.inSeconds : null,
    });
  }

  private settle(settlement: Settlement): Promise<DeliveryFact | undefined> {
    return this.outlasting(() => this.store.settle(settlement));
  }

  /**
   * What happened is known only here, so a database that is away is waited for. If this process ends first, the delivery
   * becomes uncertain when its lease runs out.
   */
  private async outlasting<T>(write: () => Promise<T>): Promise<T> {
    for (let delay = 100; ; delay = Math.min(delay * 2, 2_000)) {
      try {
        return await write();
      } catch (error) {
        if (!isDatabaseAway(error)) throw error;
        await sleep(delay, undefined, { ref: false });
      }
    }
  }

  private observe(
    { id, attempts }: ClaimedDelivery<Content>,
    provider: string,
    outcome: SendOutcome,
    seconds: number,
  ): void {
    const { channel } = this.options;
    attemptsTotal.inc({ channel, provider, outcome: outcome.kind });
    attemptSeconds.observe({ channel, provider }, seconds);
    const entry = { delivery_id: id, attempt: attempts, provider, ms: Math.round(seconds * 1000) };
    if (outcome.kind === 'accepted') this.logger.debug({ msg: 'sent', ...entry });
    else this.logger.warn({ msg: 'not sent', outcome: outcome.kind, error: outcome.error, ...entry });
  }
}

function messageOf<Content>({
  tenant,
  id,
  destination,
  destination_name,
  content,
}: ClaimedDelivery<Content>): Message<Content> {
  return { tenant, deliveryId: id, to: { address: destination, name: destination_name }, content };
}

function applicantOf(claimed: ClaimedDelivery): Applicant {
  return { ...claimed, ageSeconds: claimed.age };
}

/** A delivery stays as it is, without an attempt, for a reason. */
function unattempted({ tenant, id, attempts, status }: ClaimedDelivery, error: string | null): Settlement {
  return {
    ...{ tenant, id, number: attempts, status, failure: null, changed_from: [status], outcome: null },
    ...{ error, error_code: null, provider_message_id: null, delay: null, keep_lease: false },
  };
}

/** Where a delivery stands after a happening, for a settlement. */
function consequence(
  { status }: ClaimedDelivery,
  happening: Happening,
): Pick<Settlement, 'status' | 'failure' | 'changed_from'> {
  return { ...next({ status, failure: null }, happening), changed_from: changedFrom(happening) };
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
