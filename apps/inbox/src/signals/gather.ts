import type { NotificationRow } from '../notification-row.ts';
import type { Owner } from '../reading/visible.ts';

/** What has changed in an inbox: ids of notifications, or that lists are to be read anew. */
export type Change = Owner &
  ({ created: string } | { updated: string } | { deleted: readonly string[] } | { reload: true });

/** What one message says of an inbox. */
export interface Part {
  created: NotificationRow[];
  updated: NotificationRow[];
  deleted: string[];
  reload: boolean;
}

/** Characters per message: far below the broker's limit however many bytes each takes, unless a single one is larger. */
const weightAtMost = 1_000_000;

/**
 * What changed in one inbox, in as few messages as carry it, each notification once and as it is now; in the order of lists,
 * oldest first.
 *
 * @param rows of the created and updated ones; those that are missing are gone
 */
export function gather(changes: readonly Change[], rows: readonly NotificationRow[]): Part[] {
  const created = new Set(changes.flatMap((change) => ('created' in change ? change.created : [])));
  const deleted = [...new Set(changes.flatMap((change) => ('deleted' in change ? change.deleted : [])))];
  const empty = (): Part => ({ created: [], updated: [], deleted: [], reload: false });
  const parts = [{ ...empty(), deleted, reload: changes.some((change) => 'reload' in change) }];
  let weight = 0;
  for (const row of rows.toSorted(inOrder)) {
    const more = weightOf(row);
    if (weight > 0 && weight + more > weightAtMost) {
      parts.push(empty());
      weight = 0;
    }
    weight += more;
    parts.at(-1)![created.has(row.id) ? 'created' : 'updated'].push(row);
  }
  return parts;
}

function inOrder(one: NotificationRow, other: NotificationRow): number {
  return one.arrived_at.getTime() - other.arrived_at.getTime() || (one.id < other.id ? -1 : 1);
}

function weightOf({ message, html, metadata }: NotificationRow): number {
  return 2_000 + message.length + (html?.length ?? 0) + JSON.stringify(metadata).length;
}
