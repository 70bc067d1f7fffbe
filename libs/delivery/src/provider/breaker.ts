/**
 * Whether a provider is asked at present, as a pure state machine; times are milliseconds that come in as arguments.
 *
 * ```
 * closed ──▶ open       many errors, many slow answers, or it asks for a pause (Retry-After)
 * open ──▶ half_open    the pause is over: one message is tried
 * half_open ──▶ closed  it was taken, or refused for a reason of the message's own
 * half_open ──▶ open    it was not: the pause is twice as long
 * ```
 */

export interface BreakerPolicy {
  /** So many errors … */
  readonly errors: number;
  /** … within so many milliseconds open it. */
  readonly errorWindowMs: number;
  /** An answer that takes longer than this is slow. */
  readonly slowMs: number;
  /** Such a share of slow answers … */
  readonly slowShare: number;
  /** … within so many milliseconds opens it, … */
  readonly slowWindowMs: number;
  /** … once there were so many answers. */
  readonly slowAtLeast: number;
  /** The first pause, and the longest. */
  readonly pauseMs: number;
  readonly longestPauseMs: number;
}

export const defaultBreakerPolicy: BreakerPolicy = {
  errors: 50,
  errorWindowMs: 60_000,
  slowMs: 10_000,
  slowShare: 0.15,
  slowWindowMs: 15 * 60_000,
  slowAtLeast: 20,
  pauseMs: 30_000,
  longestPauseMs: 5 * 60_000,
};

/** How an attempt ended, as far as the provider is to blame. */
export interface BreakerReport {
  readonly kind: 'ok' | 'error' | 'pause';
  readonly tookMs: number;
  /** For how long the provider asked not to be asked. */
  readonly pauseMs?: number;
}

/** Counts in slices of time, so that memory does not grow with the traffic. */
interface Slice {
  readonly at: number;
  readonly count: number;
  readonly hits: number;
}

export interface Closed {
  readonly kind: 'closed';
  readonly errors: readonly Slice[];
  readonly answers: readonly Slice[];
}

export interface NotClosed {
  readonly kind: 'open' | 'half_open';
  readonly reason: string;
  readonly since: number;
  /** When it is tried next; of a half-open one when the try counts as lost. */
  readonly retryAt: number;
  readonly pauseMs: number;
}

export type BreakerState = Closed | NotClosed;

export const closed: Closed = { kind: 'closed', errors: [], answers: [] };

/** Parts into which a window is cut. */
const slices = 15;
/** A try without an end (its process or its delivery went away) is not waited for longer. */
const longestTryMs = 120_000;

/**
 * Asks to send one message.
 * @returns whether it may be sent, with the state from then on: a half-open breaker lets one through
 */
export function admit(
  state: BreakerState,
  nowMs: number,
): { readonly admitted: boolean; readonly state: BreakerState } {
  if (state.kind === 'closed') return { admitted: true, state };
  if (nowMs < state.retryAt) return { admitted: false, state };
  return { admitted: true, state: { ...state, kind: 'half_open', retryAt: nowMs + longestTryMs } };
}

/** A message that was let through was not sent after all: the next one is the try. */
export function withdraw(state: BreakerState, nowMs: number): BreakerState {
  return state.kind === 'half_open' ? { ...state, kind: 'open', retryAt: nowMs } : state;
}

/** How an attempt ended. */
export function report(
  state: BreakerState,
  { kind, tookMs, pauseMs = 0 }: BreakerReport,
  policy: BreakerPolicy,
  nowMs: number,
): BreakerState {
  if (kind === 'pause') {
    const asked = Math.min(Math.max(pauseMs, 1_000), policy.longestPauseMs);
    const since = state.kind === 'closed' ? nowMs : state.since;
    return { kind: 'open', reason: 'the provider asks for a pause', since, retryAt: nowMs + asked, pauseMs: asked };
  }
  const slow = tookMs > policy.slowMs;
  // Attempts that were under way when it opened tell nothing new.
  if (state.kind === 'open') return state;
  if (state.kind !== 'closed') {
    if (kind === 'ok' && !slow) return closed;
    const longer = Math.min(state.pauseMs * 2, policy.longestPauseMs);
    return { ...state, kind: 'open', retryAt: nowMs + longer, pauseMs: longer };
  }
  const errors = kind === 'error' ? counted(state.errors, true, policy.errorWindowMs, nowMs) : state.errors;
  const answers = counted(state.answers, slow, policy.slowWindowMs, nowMs);
  const open = (reason: string): BreakerState => ({
    kind: 'open',
    reason,
    since: nowMs,
    retryAt: nowMs + policy.pauseMs,
    pauseMs: policy.pauseMs,
  });
  const failed = sum(errors, 'hits');
  if (kind === 'error' && failed >= policy.errors)
    return open(`${failed} errors within ${policy.errorWindowMs / 1000} seconds`);
  const total = sum(answers, 'count');
  const late = sum(answers, 'hits');
  if (slow && total >= policy.slowAtLeast && late >= policy.slowShare * total)
    return open(`${late} of ${total} answers took longer than ${policy.slowMs / 1000} seconds`);
  return { kind: 'closed', errors, answers };
}

function counted(before: readonly Slice[], hit: boolean, windowMs: number, nowMs: number): readonly Slice[] {
  const at = Math.floor(nowMs / (windowMs / slices));
  const last = before.at(-1);
  const one = hit ? 1 : 0;
  if (last?.at === at) return [...before.slice(0, -1), { at, count: last.count + 1, hits: last.hits + one }];
  return [...before.filter((slice) => slice.at > at - slices && slice.at < at), { at, count: 1, hits: one }];
}

function sum(window: readonly Slice[], what: 'count' | 'hits'): number {
  return window.reduce((total, slice) => total + slice[what], 0);
}
