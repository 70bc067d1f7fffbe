import { chosenRetentionKinds, retentionDaysSchema, type RetentionKind } from '@carillon/contracts';
import { canonicalTimeZone, cron, nextOccurrence, RecurrenceError, unknownTimeZone } from '@carillon/time';
import { z } from 'zod';

/** A setting: the days of some kinds, such as `deliveries=30,decisions=365`. */
const daysByKindSchema = z
  .string()
  .default('')
  .transform((text, context): Partial<Record<RetentionKind, number>> => {
    const days: Partial<Record<RetentionKind, number>> = {};
    for (const pair of text.split(',').filter((one) => one.trim())) {
      const [kind = '', value = '', ...more] = pair.trim().split('=');
      const parsed = retentionDaysSchema.safeParse(/^\d+$/.test(value) ? Number(value) : undefined);
      const known = chosenRetentionKinds.find((one) => one === kind);
      if (known && parsed.success && more.length === 0) days[known] = parsed.data;
      else
        context.addIssue(
          `must be pairs of kind and days such as deliveries=30,decisions=365; kinds are ${chosenRetentionKinds.join(', ')}`,
        );
    }
    return days;
  });

const scheduleSchema = z
  .string()
  .default('0 3 * * sun')
  .superRefine((expression, context) => {
    try {
      if (nextOccurrence(cron(expression), Date.now(), 'UTC') === undefined)
        context.addIssue('must come true some time, such as 0 3 * * sun for Sundays at three');
    } catch (error) {
      if (!(error instanceof RecurrenceError)) throw error;
      context.addIssue(error.message);
    }
  });

const zoneSchema = z
  .string()
  .default('UTC')
  .refine((zone) => canonicalTimeZone(zone) !== undefined, {
    error: ({ input }) => unknownTimeZone(String(input)),
  });

/** When everything is cleaned up, and for how long it is kept where no tenant has chosen. */
export const retentionSettings = {
  RETENTION_SCHEDULE: scheduleSchema.describe('When what was kept for long enough is removed: cron’s five fields'),
  RETENTION_TIME_ZONE: zoneSchema.describe('The IANA zone whose clocks count for it'),
  RETENTION_DAYS: daysByKindSchema.describe(
    'For how many days what is kept where a tenant has not chosen, such as deliveries=30,decisions=365 (docs/retention.md)',
  ),
};
