import type { InboxStats, Notification } from '@carillon/contracts';

/** So many notifications of a recipient are alike in this. */
export interface Group {
  category: string;
  type: string;
  priority: string;
  status: Notification['status'];
  count: number;
  unseen: number;
}

export function statsOf(groups: readonly Group[]): InboxStats {
  const inInbox = groups.filter(({ status }) => status === 'unread' || status === 'read');
  const sum = (some: readonly Group[]): number => some.reduce((total, { count }) => total + count, 0);
  const by = (member: 'category' | 'type' | 'priority'): Record<string, number> =>
    Object.fromEntries([...Map.groupBy(inInbox, (group) => group[member])].map(([name, some]) => [name, sum(some)]));
  const having = (wanted: Notification['status']): number => sum(groups.filter(({ status }) => status === wanted));
  return {
    status: {
      unread: having('unread'),
      read: having('read'),
      archived: having('archived'),
      snoozed: having('snoozed'),
    },
    unseen: inInbox.reduce((total, { unseen }) => total + unseen, 0),
    category: by('category'),
    type: by('type'),
    priority: by('priority'),
  };
}
