import { countUnread, inboxStats, listNotifications, type InboxFilter } from '@carillon/contracts';
import type { Messages } from '@carillon/messaging';
import { inboxOf } from './fill.ts';

/** Something that client apps ask. */
export interface Question {
  name: string;
  /** @returns a function that asks it once, and says whether anything was found; what it has to know first is not measured */
  prepare(messages: Messages, recipient: number): Promise<() => Promise<boolean>>;
}

const limit = 20;

function list(messages: Messages, recipient: number, filter: Partial<InboxFilter>, after: string | null = null) {
  return messages.call(listNotifications, {
    ...inboxOf(recipient),
    filter: { status: 'inbox', ...filter },
    limit,
    after,
  });
}

function page(name: string, filter: Partial<InboxFilter>): Question {
  return {
    name,
    prepare: async (messages, recipient) => async () => (await list(messages, recipient, filter)).data.length > 0,
  };
}

export const questions: readonly Question[] = [
  page('first page', {}),
  {
    name: 'second page, by cursor',
    prepare: async (messages, recipient) => {
      const { next } = await list(messages, recipient, {});
      return async () => (await list(messages, recipient, {}, next)).data.length > 0;
    },
  },
  page('unread ones', { status: 'unread' }),
  page('one type', { type: 'type-3' }),
  page('search', { q: 'call office' }),
  {
    name: 'unread count',
    prepare: async (messages, recipient) => async () =>
      (await messages.call(countUnread, inboxOf(recipient))).count > 0,
  },
  {
    name: 'statistics',
    prepare: async (messages, recipient) => async () =>
      (await messages.call(inboxStats, inboxOf(recipient))).status.unread > 0,
  },
];
