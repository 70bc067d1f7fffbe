import type { Window } from '@carillon/contracts';
import { nextDigest } from '@carillon/time';

/** When a window is due that somebody opens. Unix milliseconds. */
export interface Opening {
  dueAt: number;
  /** Beyond which nothing that joins it moves it. */
  latestAt: number;
}

/**
 * When a window is due that opens now: a digest at its hour, a batch so long after now. What joins a sliding one moves it to so long
 * after itself ({@link joined}).
 *
 * @param now Unix milliseconds
 */
export function opening(window: Window, now: number): Opening {
  if (window.kind === 'digest') {
    const dueAt = nextDigest(window.frequency, window, now, window.time_zone);
    return { dueAt, latestAt: dueAt };
  }
  return { dueAt: now + window.window_ms, latestAt: now + Math.max(window.window_ms, window.max_wait_ms) };
}

/**
 * When a window is due that others have joined. The statement that adds them ({@link Arriving}) calculates the same.
 *
 * @param held how many are in it then
 * @param now Unix milliseconds
 */
export function joined(window: Window, { dueAt, latestAt }: Opening, held: number, now: number): number {
  if (held >= fullWith(window)) return Math.min(dueAt, now);
  // What is due already is closed in a moment, with what comes until then.
  if (window.kind === 'digest' || window.mode === 'fixed' || dueAt <= now) return dueAt;
  return Math.min(Math.max(dueAt, now + window.window_ms), latestAt);
}

/** What waits in a window at most: more would be too much for one message, so it is due before its time. */
export const most = 200;

/** With how many a window is full. */
export function fullWith(window: Window): number {
  return Math.min(most, (window.kind === 'batch' && window.max_count) || most);
}
