import type { NotificationRow } from '../notification-row.ts';
import type { Owner } from '../reading/visible.ts';

/** What has changed in an inbox, as it is now. */
export type Change = Owner &
  ({ created: NotificationRow } | { updated: NotificationRow } | { deleted: readonly string[] } | { reload: true });

export interface Part {
  created: NotificationRow[];
  updated: NotificationRow[];
  deleted: string[];
  reload: boolean;
}

/** Notifications per message: with their HTML they can be large. */
const rowsPerPart = 50;

/**
 * The changes of each inbox, in as few messages as carry them. Of a notification that changed several times only the last row is
 * left; created ones are in the order of lists, oldest first.
 */
export function gather(changes: readonly Change[]): { owner: Owner; parts: Part[] }[] {
  const byOwner = Map.groupBy(changes, ({ tenant, recipient }) => `${tenant} ${recipient}`);
  return [...byOwner.values()].map((own) => ({
    owner: { tenant: own[0]!.tenant, recipient: own[0]!.recipient },
    parts: partsOf(own),
  }));
}

function partsOf(changes: readonly Change[]): Part[] {
  const created = new Map<string, NotificationRow>();
  const updated = new Map<string, NotificationRow>();
  const deleted = new Set<string>();
  for (const change of changes) {
    if ('created' in change) created.set(change.created.id, change.created);
    else if ('updated' in change)
      (created.has(change.updated.id) ? created : updated).set(change.updated.id, change.updated);
    else if ('deleted' in change) for (const id of change.deleted) deleted.add(id);
  }
  for (const id of deleted) for (const rows of [created, updated]) rows.delete(id);
  const reload = changes.some((change) => 'reload' in change);
  const rows = [
    ...[...created.values()].sort(inOrder).map((row) => ({ row, list: 'created' as const })),
    ...[...updated.values()].sort(inOrder).map((row) => ({ row, list: 'updated' as const })),
  ];
  const parts: Part[] = [];
  for (let start = 0; start === 0 || start < rows.length; start += rowsPerPart) {
    const part: Part = {
      created: [],
      updated: [],
      deleted: start === 0 ? [...deleted] : [],
      reload: start === 0 && reload,
    };
    for (const { row, list } of rows.slice(start, start + rowsPerPart)) part[list].push(row);
    parts.push(part);
  }
  return parts;
}

function inOrder(one: NotificationRow, other: NotificationRow): number {
  return one.arrived_at.getTime() - other.arrived_at.getTime() || (one.id < other.id ? -1 : 1);
}
