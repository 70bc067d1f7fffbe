export { isCalendarDuration, momentIn, shifted, type CalendarDuration } from './calendar.ts';
export { nextDigest, weekdays, type DigestFrequency, type DigestTime, type Weekday } from './next-digest.ts';
export { cron } from './recurrence/cron.ts';
export { nextOccurrence, nextOccurrences, RecurrenceError, type Recurrence } from './recurrence/recurrence.ts';
export { rrule } from './recurrence/rrule.ts';
export { momentOf, wallClockAt, type WallClock } from './wall-clock.ts';
export { canonicalTimeZone, unknownTimeZone } from './zone.ts';
