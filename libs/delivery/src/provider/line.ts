/**
 * When those come back that had to be put aside because a provider was busy, paused or over its rate: one after the other, as fast
 * as it takes them, instead of all at once. Pure; times are milliseconds.
 */
export interface Circumstances {
  readonly nowMs: number;
  /** The provider is not asked before. */
  readonly notBeforeMs: number;
  /** How many it takes in a second. */
  readonly perSecond: number;
  /** How long the delivery has been waiting. */
  readonly ageSeconds: number;
  /** From 0 to 1. */
  readonly random: number;
}

/** The least that a delivery is put aside for. */
const shortestMs = 1_000;

/**
 * Puts a delivery at the end of the line.
 * @param tailMs when the last one comes back
 * @returns when this one does; nobody waits much longer than before for something that may be over, so the pause is at most a
 *   minute or a quarter of the time waited so far (up to 15 minutes), and long lines are looked at again now and then
 */
export function lineUp(
  tailMs: number,
  { nowMs, notBeforeMs, perSecond, ageSeconds, random }: Circumstances,
): { readonly inSeconds: number; readonly tailMs: number } {
  const earliest = Math.max(nowMs + shortestMs, notBeforeMs);
  const place = Math.max(tailMs, earliest);
  const longest = Math.min(Math.max(60_000, (ageSeconds * 1000) / 4), 900_000);
  if (place - earliest <= longest) return { inSeconds: (place - nowMs) / 1000, tailMs: place + 1000 / perSecond };
  return { inSeconds: (earliest - nowMs + longest * (0.5 + random / 2)) / 1000, tailMs };
}
