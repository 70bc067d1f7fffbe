import {
  changeNotification,
  countUnread,
  eventId,
  deliveryId,
  inAppRendered,
  inboxChanged,
  inboxKey,
  listNotifications,
  notificationId,
  watchInboxes,
  type CloudEvent,
  type InAppRendered,
  type InboxChanged,
  type InboxFilter,
  type Notification,
  type NotificationChange,
} from '@carillon/contracts';
import type { RequestOf } from '@carillon/messaging';
import { startTestService, unique, until, type TestService } from '@carillon/testing';
import { service } from '../src/service.ts';

/** The inbox on a real database and broker, with the words that its tests use. */
export class InboxUnderTest {
  private constructor(readonly service: TestService) {}

  static async start(env: Record<string, string> = {}): Promise<InboxUnderTest> {
    return new InboxUnderTest(await startTestService(service, env));
  }

  /** Hands a rendered notification to the inbox as the renderer does. */
  async publish(tenant: string, rendered: InAppRendered): Promise<void> {
    await this.service.messages.publish(inAppRendered, rendered, { tenant, id: rendered.delivery_id });
  }

  /** Publishes and waits until all of them are stored. */
  async store(tenant: string, ...rendered: InAppRendered[]): Promise<void> {
    await Promise.all(rendered.map((one) => this.publish(tenant, one)));
    const ids = rendered.map(({ notification_id }) => notification_id);
    await until('the notifications are stored', async () => (await this.stored(tenant, ids)).length === ids.length);
  }

  stored(tenant: string, ids: string[]): Promise<Record<string, unknown>[]> {
    return this.service.database.query('SELECT * FROM inbox.notifications WHERE tenant = $1 AND id = ANY($2)', [
      tenant,
      ids,
    ]);
  }

  /** The ids of one page. */
  async list(
    recipient: string,
    filter: Partial<InboxFilter> = {},
    { tenant = 'school', limit = 100, after = null as string | null } = {},
  ) {
    const request = { tenant, recipient, filter: { status: 'inbox' as const, ...filter }, limit, after };
    const { data, next } = await this.service.messages.call(listNotifications, request);
    return { ids: data.map(({ id }) => id), next, data };
  }

  /** What the recipient does with one. */
  change(
    recipient: string,
    id: string,
    change: NotificationChange | Exclude<NotificationChange['to'], 'snooze'>,
    tenant = 'school',
  ): Promise<Notification> {
    const request = { tenant, recipient, id, change: typeof change === 'string' ? { to: change } : change };
    return this.service.messages.call(changeNotification, request as RequestOf<typeof changeNotification>);
  }

  async unread(recipient: string, tenant = 'school'): Promise<number> {
    return (await this.service.messages.call(countUnread, { tenant, recipient })).count;
  }

  /** Hears a recipient's signals from now on, as a gateway replica does that holds their socket. */
  async signals(recipient: string, tenant = 'school'): Promise<CloudEvent<InboxChanged>[]> {
    const heard = await this.service.broker.capture({ ...inboxChanged, key: inboxKey(tenant, recipient) });
    await this.watch(recipient, tenant);
    return heard;
  }

  watch(recipient: string, tenant = 'school', seconds = 60): Promise<object> {
    return this.service.messages.call(watchInboxes, { tenant, recipients: [recipient], seconds });
  }

  close(): Promise<void> {
    return this.service.close();
  }
}

/** A recipient that no other test knows. */
export function someone(): string {
  return `recipient-${unique()}`;
}

/** A rendered notification of an event of its own. */
export function renderedFor(recipient: string, changes: Partial<InAppRendered> = {}): InAppRendered {
  const created_at = changes.created_at ?? new Date().toISOString();
  const event = eventId(Date.parse(created_at), 'school', '/test', unique());
  const notification_id = notificationId(event, 'invoice_issued', recipient);
  return {
    ...inAppRendered.example,
    notification_id,
    delivery_id: deliveryId(notification_id, 'in_app', recipient),
    recipient,
    created_at,
    ...changes,
  };
}

/** A time so many seconds from now. */
export function secondsFromNow(seconds: number): string {
  return new Date(Date.now() + seconds * 1000).toISOString();
}
