/** One replica's share of a limit that all replicas keep together. Pure: times are milliseconds of the replica's own clock. */
export interface Share {
  /** Tells windows apart. */
  readonly window: string;
  /** Requests that it may still let through. */
  readonly left: number;
  /** Requests of the window that nobody has been handed yet, as far as is known. */
  readonly unclaimed: number;
  /** When the window ends. */
  readonly endsAt: number;
  /** When it was handed what it has … */
  readonly since: number;
  /** … and how much that was. */
  readonly handed: number;
}

export const nothing: Share = { window: '', left: 0, unclaimed: 0, endsAt: -Infinity, since: -Infinity, handed: 0 };

export type Decision =
  | { readonly kind: 'pass'; readonly share: Share; readonly refill: boolean }
  /** There may be more to be had. */
  | { readonly kind: 'ask' }
  /** The window is used up. */
  | { readonly kind: 'refuse'; readonly inMs: number };

/** Lets a request through, if there is a place for it. `refill`: it is time to ask for more, while there still is some. */
export function pass(share: Share, now: number): Decision {
  if (now >= share.endsAt) return { kind: 'ask' };
  if (share.left > 0) {
    const left = share.left - 1;
    return { kind: 'pass', share: { ...share, left }, refill: left <= share.handed / 4 && share.unclaimed > 0 };
  }
  return share.unclaimed > 0 ? { kind: 'ask' } : { kind: 'refuse', inMs: share.endsAt - now };
}

/** No replica is handed more at once than this part of a window: what it does not use is lost for the others. */
const largestPart = 1 / 20;

/** How many to ask for: as many as are likely to come in the next half of a second. */
export function wanted({ handed, left, since }: Share, quota: number, now: number): number {
  const perMs = handed > 0 ? (handed - left) / Math.max(1, now - since) : 0;
  return Math.max(1, Math.min(Math.ceil(perMs * 500), Math.floor(quota * largestPart)));
}

/** What was asked of a window, and how it stands after that. */
export interface Handed {
  readonly window: string;
  readonly count: number;
  /** By all replicas, this time included; more than the quota where there was too little left. */
  readonly used: number;
  readonly endsInMs: number;
}

/** A share after more was handed out. */
export function handed(before: Share, { window, count, used, endsInMs }: Handed, quota: number, now: number): Share {
  const granted = Math.max(0, Math.min(count, quota - (used - count)));
  const left = granted + (window === before.window ? before.left : 0);
  return { window, left, unclaimed: Math.max(0, quota - used), endsAt: now + endsInMs, since: now, handed: left };
}
