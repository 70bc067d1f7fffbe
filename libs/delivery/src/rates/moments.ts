/**
 * The moments at which a replica may send, of those that a provider's rate has: one every 1/rate seconds, each given to one
 * replica. Pure: times are milliseconds of the replica's own clock.
 */
export interface Moments {
  /** Ascending. */
  readonly at: readonly number[];
  /** Between two. */
  readonly everyMs: number;
}

/** What came of asking for one. */
export type Taken =
  | { readonly kind: 'now'; readonly left: Moments }
  | { readonly kind: 'later'; readonly inMs: number; readonly left: Moments }
  | { readonly kind: 'none' };

/**
 * Takes the moment that is now. One is used until the next one comes and is lost then: nobody saves them up, or a burst would
 * break the provider's limit later.
 */
export function take({ at, everyMs }: Moments, nowMs: number): Taken {
  const current = at.findIndex((moment) => moment > nowMs - everyMs);
  const moment = at[current];
  if (moment === undefined) return { kind: 'none' };
  if (moment > nowMs) return { kind: 'later', inMs: moment - nowMs, left: { at: at.slice(current), everyMs } };
  return { kind: 'now', left: { at: at.slice(current + 1), everyMs } };
}

/** How many to ask for at once: for those who wait and as many more as were used lately, at most those of one second. */
export function wanted(waiting: number, usedLately: number, perSecond: number): number {
  return Math.max(1, Math.min(waiting + usedLately, Math.ceil(perSecond)));
}
