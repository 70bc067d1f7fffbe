import { Problem } from '@carillon/contracts';

const farthestDays = 366;

/** @param until RFC 3339 @throws Problem 422 `invalid_snooze` for a time that is past, or more than a year ahead */
export function checkSnooze(until: string, now: Date): void {
  const days = (Date.parse(until) - now.getTime()) / 86_400_000;
  const message =
    days <= 0
      ? 'is past; name a time to come'
      : days > farthestDays
        ? 'is more than a year ahead; name an earlier time, or archive the notification'
        : undefined;
  if (message)
    throw Problem.unprocessable('invalid_snooze', 'It cannot be snoozed until then', [{ path: 'until', message }]);
}
