import type { Lane } from '@carillon/contracts';
import type { RateBudget } from '../rates/rate-budget.ts';
import { admit, closed, report, withdraw, type BreakerPolicy, type BreakerState } from './breaker.ts';
import { lineUp } from './line.ts';
import type { Provider, SendOutcome } from './provider.ts';
import type { Routed } from './route.ts';
import { Slots } from './slots.ts';

/** How a provider is used. */
export interface GateOptions<Content> extends Routed {
  readonly kind: string;
  /** What sends; undefined when it cannot be used as it is configured, for the reason `problem`. */
  readonly provider: Provider<Content> | undefined;
  readonly problem: string | null;
  readonly concurrency: number;
  /** Undefined: no limit. */
  readonly budget: RateBudget | undefined;
  readonly perSecond: number | null;
  readonly breaker: BreakerPolicy;
  /** Told whenever the breaker changes its kind. */
  readonly onBreaker: (state: BreakerState) => void;
}

/** What came of asking to pass. */
export type Passage =
  | { readonly kind: 'passed' }
  /** Full, or over its rate: whoever waited has lost patience. */
  | { readonly kind: 'busy'; readonly reason: string }
  /** Not asked at present; another provider may be. */
  | { readonly kind: 'shut'; readonly reason: string; readonly untilMs: number }
  /** Not usable until somebody mends its configuration. */
  | { readonly kind: 'broken'; readonly reason: string };

/**
 * What stands before a provider: so many calls at once, so many a second, and none while it fails. Each provider has its own, so
 * that a slow or dead one holds up nobody else's messages.
 */
export class ProviderGate<Content = unknown> implements Routed {
  readonly slots: Slots;
  private state: BreakerState = closed;
  private tailMs = 0;
  /** Moving average of what an attempt takes. */
  private averageMs = 200;
  private retired = false;

  constructor(readonly options: GateOptions<Content>) {
    this.slots = new Slots(options.concurrency);
  }

  get name(): string {
    return this.options.name;
  }
  get order(): number {
    return this.options.order;
  }
  get weight(): number {
    return this.options.weight;
  }
  get breaker(): BreakerState {
    return this.state;
  }
  get provider(): Provider<Content> | undefined {
    return this.options.provider;
  }

  /**
   * Asks to send one message. Whoever has passed tells how it ended with {@link done}, or goes away with {@link leave}.
   * @throws Abandoned when this replica stops before
   */
  async pass(lane: Lane, patienceMs: number): Promise<Passage> {
    const { name, provider, problem, budget } = this.options;
    if (!provider) return { kind: 'broken', reason: `${name} cannot be used: ${problem}` };
    if (this.shut) return this.shutPassage();
    if (!(await this.slots.take(lane, patienceMs)))
      return { kind: 'busy', reason: `waiting for ${name}, which is busy` };
    try {
      if (budget && !(await budget.take(lane, patienceMs))) {
        this.slots.release();
        return { kind: 'busy', reason: `waiting for the rate budget of ${name}` };
      }
    } catch (error) {
      this.slots.release();
      throw error;
    }
    // Only now: it may have opened meanwhile, and a half-open one lets a single message through, which must then be sent.
    const { admitted, state } = admit(this.state, Date.now());
    this.become(state);
    if (admitted) return { kind: 'passed' };
    this.slots.release();
    return this.shutPassage();
  }

  /** The message that had passed was not sent. */
  leave(): void {
    this.become(withdraw(this.state, Date.now()));
    this.release();
  }

  /** The attempt has ended. */
  done(outcome: SendOutcome, tookMs: number): void {
    this.averageMs += (tookMs - this.averageMs) / 20;
    this.become(report(this.state, { ...blame(outcome), tookMs }, this.options.breaker, Date.now()));
    this.release();
  }

  /** For how many seconds a delivery that could not pass is put aside. */
  putAside(ageSeconds: number): number {
    const { concurrency, perSecond } = this.options;
    const place = lineUp(this.tailMs, {
      nowMs: Date.now(),
      notBeforeMs: this.state.kind === 'closed' ? 0 : this.state.retryAt,
      perSecond: perSecond ?? (concurrency * 1000) / Math.max(this.averageMs, 1),
      ageSeconds,
      random: Math.random(),
    });
    this.tailMs = place.tailMs;
    return place.inSeconds;
  }

  /** For shutdown: whoever waits goes away. */
  close(): void {
    this.slots.close();
    this.options.budget?.close();
  }

  /** Another has taken its place: gives its connections back when the last attempt has ended. */
  retire(): void {
    this.retired = true;
    this.close();
    if (this.slots.idle) this.end();
  }

  private get shut(): boolean {
    return this.state.kind !== 'closed' && Date.now() < this.state.retryAt;
  }

  private shutPassage(): Passage {
    const { name } = this.options;
    if (this.state.kind === 'closed') return { kind: 'shut', reason: `${name} is being tried`, untilMs: Date.now() };
    return { kind: 'shut', reason: `${name} is not asked for now: ${this.state.reason}`, untilMs: this.state.retryAt };
  }

  private become(state: BreakerState): void {
    const changed = state.kind !== this.state.kind;
    this.state = state;
    if (changed) this.options.onBreaker(state);
  }

  private release(): void {
    this.slots.release();
    if (this.retired && this.slots.idle) this.end();
  }

  private end(): void {
    void Promise.resolve(this.options.provider?.close?.()).catch(() => undefined);
  }
}

/** What an outcome says about the provider, whoever the message was for. */
function blame(outcome: SendOutcome): { kind: 'ok' | 'error' | 'pause'; pauseMs?: number } {
  switch (outcome.kind) {
    case 'accepted':
    case 'permanent':
      return { kind: 'ok' };
    case 'uncertain':
      return { kind: 'error' };
    case 'retryable':
      return { kind: outcome.recipient ? 'ok' : 'error' };
    case 'throttled':
      // Without a time it may speak of one mailbox or domain only.
      return outcome.retryAfterSeconds === undefined
        ? { kind: 'ok' }
        : { kind: 'pause', pauseMs: outcome.retryAfterSeconds * 1000 };
  }
}
