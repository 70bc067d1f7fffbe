import type { RecipientEvent } from './read-recipient-event.ts';

/**
 * Of events in the order in which they came, the one that stands for each recipient: the latest by its own time, and of two with
 * the same time the one that came later. An event without a time happened when it came.
 */
export function lastWords(events: readonly RecipientEvent[]): RecipientEvent[] {
  const last = new Map<string, RecipientEvent>();
  for (const event of events) {
    const key = `${event.tenant}\n${event.id}`;
    const before = last.get(key);
    if (before === undefined || (event.at ?? Infinity) >= (before.at ?? Infinity)) last.set(key, event);
  }
  return [...last.values()];
}
