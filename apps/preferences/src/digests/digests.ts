import {
  defaultTenant,
  digestDue,
  digestDueSchema,
  digestItem,
  digestType,
  eventRequested,
  timeOfId,
  uuidv8,
  type ChannelDecision,
  type CloudEvent,
  type DigestDue,
  type DigestItem,
} from '@carillon/contracts';
import { Messages, Poison } from '@carillon/messaging';
import { Injectable } from '@nestjs/common';
import { adHocType } from '../catalog/built-in-types.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { Catalogs } from '../catalog/catalogs.ts';
import type { NotificationType } from '../catalog/notification-type.ts';
import { decide } from '../decisions/decide.ts';
import { Erasures } from '../erasure/erasures.ts';
import { NotificationStore } from '../notifications/notification-store.ts';
import { Notifying } from '../notifications/notifying.ts';
import { waitingOf, type DecidedEvent } from '../notifications/planning.ts';
import type { KnownRecipient } from '../recipients/recipient.ts';
import { RecipientStore } from '../recipients/recipient-store.ts';
import { contentsOf } from './contents.ts';

/** A window of the scheduler that has closed. */
interface Closed extends Omit<DigestDue, 'recipient'> {
  tenant: string;
  catalog: Catalog;
  recipient: KnownRecipient;
  /** When it was closed, RFC 3339: the same however often it is told. */
  closedAt: string;
  /** Unix milliseconds, never before it was closed. */
  now: number;
}

/**
 * Decides about what waited for others, now that its window has closed, with the preferences of now.
 *
 *   digest: what is still wanted becomes one event of the type `digest`; what is not is dropped, which its own decision says
 *   digest that was woken: what is to wait goes into its new window; what is wanted at once becomes a digest now
 *   batch: the last one stands for all
 *
 * A window is told of again after a crash. Its id is that of the digest's event, and what was ruled the first time stands, so
 * nothing is sent twice.
 */
@Injectable()
export class Digests {
  constructor(
    private readonly catalogs: Catalogs,
    private readonly recipients: RecipientStore,
    private readonly erasures: Erasures,
    private readonly notifications: NotificationStore,
    private readonly notifying: Notifying,
    private readonly messages: Messages,
  ) {}

  /** @returns the event that a digest becomes; undefined where there is none */
  async come(message: CloudEvent): Promise<CloudEvent | undefined> {
    const { success, data: due, error } = digestDueSchema.safeParse(message.data);
    if (!success) throw new Poison(`not a valid ${digestDue.type}: ${error.message}`);
    const tenant = message.tenant ?? defaultTenant;
    const closedAt = message.time ?? new Date(timeOfId(due.window_id)).toISOString();
    const recipient = await this.recipients.find({ tenant, id: due.recipient });
    // Whoever is here under the same id may be somebody else by now.
    const [erased] = await this.erasures.areErased([{ tenant, id: due.recipient, at: Date.parse(closedAt) }]);
    if (!recipient || erased) return undefined;
    const catalog = await this.catalogs.of(tenant);
    const now = Math.max(Date.now(), Date.parse(closedAt));
    const closed: Closed = { ...due, tenant, catalog, recipient, closedAt, now };
    if (due.kind === 'batch') {
      await this.sendAsOne(closed);
      return undefined;
    }
    const items = await (due.woken ? this.decideAnew(closed) : this.stillWanted(closed));
    return items.length > 0 ? this.eventOf(message, closed, items) : undefined;
  }

  /** Those of a due digest that are still wanted. */
  private async stillWanted(closed: Closed): Promise<DigestItem[]> {
    const ruled = closed.items.map((item) => ({ item, ruling: rulingOf(item, closed, 'frequency') }));
    await Promise.all(
      ruled.flatMap(({ item, ruling }) => (ruling.outcome === 'drop' ? this.conclude(closed, item, ruling) : [])),
    );
    return ruled.flatMap(({ item, ruling }) => (ruling.outcome === 'drop' ? [] : item));
  }

  /** Those of a digest that its recipient does not want later any more, but now. */
  private async decideAnew(closed: Closed): Promise<DigestItem[]> {
    const decided = await Promise.all(
      closed.items.map(async (item) => {
        const ruling = rulingOf(item, closed);
        const now: ChannelDecision = {
          ...ruling,
          outcome: 'digest',
          rule: 'frequency',
          reason: `it waited for a digest that comes now, since ${closed.recipient.id} chose otherwise`,
          until: closed.closedAt,
        };
        const wanted = ruling.outcome === 'digest' || ruling.outcome === 'drop' ? ruling : now;
        return { item, standing: await this.conclude(closed, item, wanted) };
      }),
    );
    await Promise.all(
      decided.map(({ item, standing }) => {
        const waits = standing?.outcome === 'digest' && standing.until !== closed.closedAt;
        return waits && this.waitAgain(closed, item, standing);
      }),
    );
    return decided.flatMap(({ item, standing }) =>
      standing?.outcome === 'digest' && standing.until === closed.closedAt ? item : [],
    );
  }

  private async waitAgain(closed: Closed, item: DigestItem, ruling: ChannelDecision): Promise<void> {
    const { tenant, catalog, recipient, window_id: from } = closed;
    const type = typeOf(item, catalog)!;
    const request = item.requested ? { channels: [closed.channel] } : {};
    const [waiting] = waitingOf(
      { channels: [ruling], deliveries: [] },
      item,
      { request },
      type,
      catalog,
      recipient,
    ).digests;
    const id = uuidv8(timeOfId(item.notification_id), 'digest item', item.notification_id, item.channel, from);
    await this.messages.publish(digestItem, { ...item, ...waiting!, from }, { id, tenant });
  }

  /** The last one of a batch stands for all; one before it where it is not wanted any more. */
  private async sendAsOne(closed: Closed): Promise<void> {
    const { tenant, channel, catalog, recipient, items, now } = closed;
    for (const [index, item] of [...items.entries()].reverse()) {
      const type = typeOf(item, catalog);
      // Older ones may come without what they say; there is nothing that could be sent in their place.
      if (!type || !item.request) {
        await this.conclude(closed, item, rulingOf(item, closed, 'batch'));
        continue;
      }
      const alike = items.slice(0, index + 1);
      const event: DecidedEvent = {
        tenant,
        ...item.event,
        request: item.request,
        ...(alike.length > 1 && { grouped: { count: alike.length, items: alike.flatMap(groupedItem) } }),
      };
      const sent = await this.notifying.resumeBatch(event, channel, item.until, type, catalog, recipient, now);
      if (sent) return;
    }
  }

  /** @returns the ruling that stands */
  private async conclude(
    { tenant, kind, channel }: Closed,
    { notification_id: id, until }: DigestItem,
    ruling: ChannelDecision,
  ): Promise<ChannelDecision | undefined> {
    const { channels } = await this.notifications.conclude({
      tenant,
      id,
      was: kind,
      until,
      channels: [ruling],
      deliveries: [],
    });
    return channels.find((standing) => standing.channel === channel);
  }

  private eventOf(
    { id, source, timer }: CloudEvent,
    { tenant, recipient, channel, catalog, closedAt }: Closed,
    items: readonly DigestItem[],
  ): CloudEvent {
    const [{ window }] = items as [DigestItem];
    const category = window.kind === 'digest' && window.category;
    return {
      specversion: '1.0',
      id,
      source,
      type: eventRequested.type,
      time: closedAt,
      tenant,
      timer,
      data: {
        type: digestType,
        recipients: [recipient.id],
        channels: [channel],
        // One that a category has to itself is switched off with it, also by the link in its emails.
        ...(category && catalog.categories.has(category) && { category }),
        data: contentsOf(items, (key) => catalog.nameOf(key)),
      },
    };
  }
}

/** @param waited what it has waited for; left out where it is decided as if it had not waited */
function rulingOf(
  item: DigestItem,
  { catalog, recipient, channel, now }: Closed,
  waited?: 'frequency' | 'batch',
): ChannelDecision {
  const type = typeOf(item, catalog);
  if (!type || !catalog.has(digestType)) {
    const reason = `${type ? digestType : item.type} is not in the catalog any more`;
    return { channel, outcome: 'drop', rule: 'catalog_default', reason };
  }
  const { channels } = decide({
    notificationId: item.notification_id,
    type,
    category: item.category,
    priority: item.priority,
    recipient,
    defaults: catalog.defaults,
    ...(item.requested && { requestedChannels: [channel] }),
    onlyChannels: [channel],
    ...(item.expires_at !== undefined && { expiresAt: item.expires_at }),
    ...(waited && { waited }),
    now,
  });
  return channels[0]!;
}

function typeOf({ type }: DigestItem, catalog: Catalog): NotificationType | undefined {
  return type === adHocType.key ? adHocType : catalog.types.get(type);
}

function groupedItem({ request, created_at }: DigestItem) {
  return request ? [{ data: request.data ?? {}, actor: request.actor ?? null, at: created_at }] : [];
}
