/** At once, then after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and a day: three days and a half in all. */
export const defaultDelaysSeconds = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
/** How far a delay is spread, so that what failed together does not return together. */
const jitter = 0.1;
/** An endpoint that asks for a longer pause than a day is believed up to a day. */
const longestPauseSeconds = 86_400;

/** What an attempt came to. */
export type Answered = { status: number; retryAfter?: string | undefined } | { error: string };

export type Verdict =
  | { kind: 'delivered' }
  | { kind: 'retry'; inSeconds: number }
  | { kind: 'failed' }
  /** 410: nobody wants to be told there any more. */
  | { kind: 'gone' };

/**
 * What follows from an attempt. Anything but 2xx is a failure; redirects are not followed.
 *
 * @param retriesUsed retries made before this attempt; 0 after the first
 * @param random from 0 to 1
 * @param now Unix milliseconds
 */
export function verdictOn(
  answered: Answered,
  retriesUsed: number,
  delaysSeconds: readonly number[],
  { random, now }: { random: number; now: number },
): Verdict {
  if ('status' in answered && answered.status >= 200 && answered.status < 300) return { kind: 'delivered' };
  if ('status' in answered && answered.status === 410) return { kind: 'gone' };
  const delay = delaysSeconds[retriesUsed];
  if (delay === undefined) return { kind: 'failed' };
  const planned = delay * (1 + jitter * (2 * random - 1));
  const wished = 'status' in answered ? (secondsIn(answered.retryAfter, now) ?? 0) : 0;
  const asked = Math.min(wished, longestPauseSeconds);
  // Spread to later only: earlier would be against what was asked for.
  return { kind: 'retry', inSeconds: asked > planned ? asked * (1 + jitter * random) : planned };
}

/** `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date. */
export function secondsIn(retryAfter: string | undefined, now: number): number | undefined {
  if (retryAfter === undefined) return undefined;
  if (/^\d{1,9}$/.test(retryAfter.trim())) return Number(retryAfter);
  const date = Date.parse(retryAfter);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - now) / 1000);
}
