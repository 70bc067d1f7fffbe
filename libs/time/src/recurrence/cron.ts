import { Cron } from 'croner';
import { RecurrenceError, type Recurrence } from './recurrence.ts';

/**
 * A rule in the five fields of cron: minute, hour, day of month, month, weekday (`0 8 * * mon-fri`, `0 14 L * *`, `@daily`).
 *
 * @throws RecurrenceError
 */
export function cron(expression: string): Recurrence {
  let rule: Cron;
  try {
    rule = new Cron(expression, { timezone: 'UTC', paused: true, mode: '5-part' });
  } catch (error) {
    const reason = (error as Error).message.replace(/^CronPattern: /, '');
    throw new RecurrenceError(
      `"${expression}" is not cron's minute, hour, day of month, month and weekday, such as "0 8 * * mon-fri": ${reason}`,
    );
  }
  return { next: (after) => rule.nextRun(new Date(after))?.getTime() };
}
