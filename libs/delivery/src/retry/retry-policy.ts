import { z } from 'zod';

/** How often and when a delivery that could not be sent for now is tried again. */
export interface RetryPolicy {
  /** Seconds before the first retry, the second, …: as many retries as there are delays. */
  readonly delaysSeconds: readonly number[];
  /** How far a delay is spread to either side, as a share of it, so that what failed together does not return together. */
  readonly jitter: number;
}

/** After one, two and three minutes, each ± 10 %. */
export const defaultRetryPolicy: RetryPolicy = { delaysSeconds: [60, 120, 180], jitter: 0.1 };

/** A provider that asks for a longer pause than a day is believed up to a day. */
export const longestPauseSeconds = 86_400;

/** Seconds, separated by commas, or `none`. @returns undefined when it is not that */
function parseDelays(text: string): number[] | undefined {
  const delays = text.trim() === 'none' ? [] : text.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
  const fine = delays.length <= 20 && delays.every((delay) => delay >= 0 && delay <= longestPauseSeconds);
  return fine ? delays : undefined;
}

/** `RETRY_DELAYS`: seconds, separated by commas, or `none`. */
export const retryDelaysSchema = z
  .string()
  .default(defaultRetryPolicy.delaysSeconds.join(','))
  .transform((text, context) => {
    const delays = parseDelays(text);
    if (delays) return delays;
    context.addIssue({
      code: 'custom',
      message: `must be at most 20 delays in seconds from 0 to ${longestPauseSeconds}, separated by commas, such as 60,120,180, or none`,
    });
    return z.NEVER;
  })
  .describe('Seconds to wait before each retry of a delivery, separated by commas; as many retries as delays');

/** `RETRY_DELAYS_BY_CATEGORY`: `security=5,15,30;marketing=none`. */
export const retryDelaysByCategorySchema = z
  .string()
  .default('')
  .transform((text, context): ReadonlyMap<string, readonly number[]> => {
    const byCategory = new Map<string, readonly number[]>();
    for (const part of text.split(';').filter((each) => each.trim() !== '')) {
      const [category = '', delays = '', ...rest] = part.split('=').map((each) => each.trim());
      const parsed = parseDelays(delays);
      if (category !== '' && parsed && rest.length === 0) {
        byCategory.set(category, parsed);
        continue;
      }
      context.addIssue({
        code: 'custom',
        message: 'must be category=delays pairs separated by semicolons, such as security=5,15,30;marketing=none',
      });
      return z.NEVER;
    }
    return byCategory;
  })
  .describe('Other delays for some categories, such as security=5,15,30;marketing=none');

/** The circumstances in which the policy is asked. */
export interface RetryQuestion {
  /** Retries already made; 0 after the first attempt. */
  readonly retriesUsed: number;
  /** What the provider asked for (`Retry-After`), seconds. */
  readonly retryAfterSeconds?: number;
  /** How long the message is still of use, seconds; null: without end. */
  readonly expiresInSeconds: number | null;
  /** From 0 to 1. */
  readonly random: number;
}

export type RetryAnswer =
  | { readonly kind: 'retry'; readonly inSeconds: number }
  /** All retries are used up. */
  | { readonly kind: 'exhausted' }
  /** The next attempt would come after the message's deadline. */
  | { readonly kind: 'expired' };

/** Whether and when to try again. A provider's `Retry-After` is never undercut, and no attempt is planned past the deadline. */
export function retryAfter({ delaysSeconds, jitter }: RetryPolicy, question: RetryQuestion): RetryAnswer {
  const { retriesUsed, retryAfterSeconds = 0, expiresInSeconds, random } = question;
  const delay = delaysSeconds[retriesUsed];
  if (delay === undefined) return { kind: 'exhausted' };
  const planned = delay * (1 + jitter * (2 * random - 1));
  const asked = Math.min(retryAfterSeconds, longestPauseSeconds);
  // Spread to later only: earlier would break the provider's word.
  const inSeconds = asked > planned ? asked * (1 + jitter * random) : planned;
  if (expiresInSeconds !== null && inSeconds >= expiresInSeconds) return { kind: 'expired' };
  return { kind: 'retry', inSeconds };
}
