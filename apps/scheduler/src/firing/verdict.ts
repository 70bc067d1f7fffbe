/** What decides about a timer. */
export interface TimerTimes {
  due_at: Date;
  expires_at: Date | null;
}

/**
 * - `wait`: its time has not come
 * - `fire`: its message goes back onto the street
 * - `lapse`: its deadline has come first, so it ends unfired
 */
export type Verdict = 'wait' | 'fire' | 'lapse';

/**
 * What to do with a pending timer.
 *
 * @param now the database's time, the same for all replicas; a deadline counts as passed at its very instant
 */
export function verdict({ due_at, expires_at }: TimerTimes, now: Date): Verdict {
  if (expires_at !== null && expires_at <= now) return 'lapse';
  return due_at <= now ? 'fire' : 'wait';
}
