import type { ReminderRule } from '@carillon/contracts';
import { shifted } from '@carillon/time';

/** Without an end of its own a repeated reminder ends after this. */
const longest = 'P1Y';

/**
 * When a reminder comes next.
 *
 * @param reference the time that it refers to, Unix milliseconds
 * @param zone IANA zone of whose clocks count
 * @param after Unix milliseconds; what would have come until then is left out
 * @returns Unix milliseconds; undefined when it comes no more
 */
export function dueAfter(rule: ReminderRule, reference: number, zone: string, after: number): number | undefined {
  const { offset = 'PT0S', local_time, every, until } = rule;
  const first = shifted(reference, offset, zone, local_time);
  if (first > after) return first;
  if (every === undefined) return undefined;
  const end = shifted(until === undefined ? first : reference, until ?? longest, zone);
  // A day is 23 to 25 hours: begin early enough and go on step by step.
  const step = shifted(first, every, zone) - first;
  for (let times = Math.max(1, Math.floor((after - first) / step) - 2); ; times += 1) {
    const due = shifted(first, every, zone, local_time, times);
    if (due >= end) return undefined;
    if (due > after) return due;
  }
}

/**
 * Until when a reminder that could not come in time may still come. A repeated one may always, since its next time is planned when it
 * comes; one before its reference time until then; one after it a day longer.
 */
export function latest({ offset, every }: ReminderRule, reference: number, due: number): number | undefined {
  if (every !== undefined) return undefined;
  return offset?.startsWith('-') ? reference : due + 86_400_000;
}
