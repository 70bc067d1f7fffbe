/** A notification that a throttle let pass. */
export interface Admission {
  /** Of the notification. */
  id: string;
  /** Unix milliseconds */
  at: number;
}

export interface Limit {
  max: number;
  windowMs: number;
}

/**
 * Whether one more may pass, so that no stretch of `windowMs` ever holds more than `max`: two that are just `windowMs` apart are
 * not in the same one. Several replicas may come with times that are not in order, so what is later counts as well as what is
 * earlier. Who has passed passes again, and counts once.
 *
 * @param admitted in order of time
 * @returns what is admitted now, in order of time: the very same list where nothing was added
 */
export function admit(
  admitted: readonly Admission[],
  { id, at }: Admission,
  { max, windowMs }: Limit,
): { admits: boolean; admitted: readonly Admission[] } {
  if (admitted.some((one) => one.id === id)) return { admits: true, admitted };
  const place = admitted.findLastIndex((one) => one.at <= at) + 1;
  const after = admitted.toSpliced(place, 0, { id, at });
  // Only stretches that hold the new one can have become too full; each such begins at most `max` before it.
  for (let first = Math.max(0, place - max); first <= place && first + max < after.length; first++) {
    if (after[first + max]!.at - after[first]!.at < windowMs) return { admits: false, admitted };
  }
  return { admits: true, admitted: after };
}

/**
 * From when on one more passes, whatever its place among them (Unix milliseconds).
 *
 * @param admitted in order of time
 */
export function opensAt(admitted: readonly Admission[], { max, windowMs }: Limit): number {
  return (admitted.at(-max)?.at ?? -Infinity) + windowMs;
}

/**
 * Without what is too old to matter. What lies up to two windows back is kept, as another replica’s clock may be behind; the limit
 * is exact while the clocks differ by less than a window.
 */
export function withoutOld(admitted: readonly Admission[], windowMs: number): readonly Admission[] {
  const newest = admitted.at(-1);
  return newest ? admitted.filter(({ at }) => at > newest.at - 2 * windowMs) : admitted;
}
