import { Injectable } from '@nestjs/common';
import {
  chunkRouted,
  digestItem,
  notificationRouted,
  timeOfId,
  timerSet,
  uuidv8,
  type Channel,
  type NotificationDeferred,
  type WaitingChannel,
} from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import type { Catalog } from '../catalog/catalog.ts';
import type { NotificationType } from '../catalog/notification-type.ts';
import { decide, type DecisionInput, type DecisionResult } from '../decisions/decide.ts';
import type { KnownRecipient } from '../recipients/recipient.ts';
import { Throttles } from '../throttles/throttles.ts';
import { NotificationStore } from './notification-store.ts';
import {
  batchItemOf,
  chunkOf,
  deferralsOf,
  inputOf,
  notificationOf,
  restrictedTo,
  routedOf,
  timerOf,
  waitingOf,
  type DecidedEvent,
  type NotificationFacts,
} from './planning.ts';

/** One event for one recipient: decides, records the decision, and sends on what was decided. */
@Injectable()
export class Notifying {
  constructor(
    private readonly notifications: NotificationStore,
    private readonly throttles: Throttles,
    private readonly messages: Messages,
  ) {}

  /** @param now Unix milliseconds */
  async notify(
    event: DecidedEvent,
    type: NotificationType,
    catalog: Catalog,
    recipient: KnownRecipient,
    now: number,
  ): Promise<void> {
    const notification = notificationOf(event, type, recipient.id);
    const input = inputOf(notification, event, type, catalog, recipient, now);
    const decision = await this.throttled(notification, input, decide(input));
    const standing = await this.notifications.record({ ...notification, ...decision });
    if (standing) await this.proceed(event, notification, type, catalog, recipient, standing);
  }

  /**
   * The same for a chunk of an audience's recipients, who have nearly everything in common.
   * @param now Unix milliseconds
   */
  async notifyChunk(
    event: DecidedEvent,
    type: NotificationType,
    catalog: Catalog,
    recipients: readonly KnownRecipient[],
    now: number,
  ): Promise<void> {
    const decided = await Promise.all(
      recipients.map(async (recipient) => {
        const notification = notificationOf(event, type, recipient.id);
        const input = inputOf(notification, event, type, catalog, recipient, now);
        return { recipient, notification, decision: await this.throttled(notification, input, decide(input)) };
      }),
    );
    if (decided.length === 0) return;
    const { recipient: _, id: __, ...shared } = decided[0]!.notification;
    const standing = await this.notifications.recordChunk(
      shared,
      decided.map(({ notification: { recipient, id }, decision }) => ({ recipient, id, ...decision })),
    );
    const planned = decided.flatMap(({ recipient, notification }, index) => {
      const decision = standing[index];
      if (!decision) return [];
      return [
        { recipient, notification, decision, ...waitingOf(decision, notification, event, type, catalog, recipient) },
      ];
    });
    const reached = planned.filter(({ decision, digests }) => decision.deliveries.length + digests.length > 0);
    await Promise.all([
      ...planned.flatMap(({ notification, decision }) => this.defer(event, notification, decision)),
      ...planned.flatMap(({ notification, batches }) => this.waitForSimilar(event, notification, batches)),
      reached.length > 0 &&
        this.messages.publish(chunkRouted, chunkOf(event, type, catalog, reached), {
          // The chunk that begins with the same recipient is the same one.
          id: uuidv8(timeOfId(event.id), 'chunk', reached[0]!.notification.id),
          tenant: event.tenant,
        }),
    ]);
  }

  /**
   * What a channel waited for is over: decides the deferred channels again, as if the event came only now. Woken before that, as if it
   * had never been deferred.
   */
  async resume(
    event: DecidedEvent,
    {
      channels,
      until,
      rule = 'quiet_hours',
      woken,
    }: Pick<NotificationDeferred, 'channels' | 'until' | 'rule' | 'woken'>,
    type: NotificationType,
    catalog: Catalog,
    recipient: KnownRecipient,
    now: number,
  ): Promise<void> {
    const notification = notificationOf(event, type, recipient.id);
    const input = inputOf(notification, event, type, catalog, recipient, now);
    const decision = decide({ ...input, onlyChannels: channels, ...(!woken && { waited: rule }) });
    const standing = await this.notifications.conclude({
      tenant: event.tenant,
      id: notification.id,
      was: 'defer',
      until,
      ...decision,
    });
    await this.proceed(event, notification, type, catalog, recipient, restrictedTo(channels, standing), woken?.by);
  }

  /**
   * A batch is due: one of its notifications is decided again, to stand for all.
   *
   * @param until as its ruling says
   * @returns whether it does; not where it was dropped
   */
  async resumeBatch(
    event: DecidedEvent,
    channel: Channel,
    until: string,
    type: NotificationType,
    catalog: Catalog,
    recipient: KnownRecipient,
    now: number,
  ): Promise<boolean> {
    const notification = notificationOf(event, type, recipient.id);
    const input = inputOf(notification, event, type, catalog, recipient, now);
    const decision = decide({ ...input, onlyChannels: [channel], waited: 'batch' });
    const { tenant } = event;
    const standing = await this.notifications.conclude({
      tenant,
      id: notification.id,
      was: 'batch',
      until,
      ...decision,
    });
    const stands = restrictedTo([channel], standing);
    await this.proceed(event, notification, type, catalog, recipient, stands);
    return stands.channels.some(({ outcome }) => outcome !== 'drop');
  }

  /** The same decision without any effect. */
  async preview(
    event: DecidedEvent,
    type: NotificationType,
    catalog: Catalog,
    recipient: KnownRecipient,
    now: number,
  ): Promise<DecisionResult & { notification: NotificationFacts }> {
    const notification = notificationOf(event, type, recipient.id);
    const input = inputOf(notification, event, type, catalog, recipient, now);
    const decision = await this.throttled(notification, input, decide(input), 'peek');
    return { notification, ...decision };
  }

  /** Asks the throttle only for what would otherwise go out, so that what was dropped anyway uses none of it up. */
  private async throttled(
    { tenant, recipient, id }: NotificationFacts,
    input: DecisionInput,
    decision: DecisionResult,
    ask: 'admit' | 'peek' = 'admit',
  ): Promise<DecisionResult> {
    const { throttle, key } = input.type;
    if (!throttle || decision.channels.every(({ outcome }) => outcome === 'drop')) return decision;
    const admitted = await this.throttles[ask]({
      tenant,
      recipient,
      type: key,
      notificationId: id,
      at: input.now,
      ...throttle,
    });
    return admitted ? decision : decide({ ...input, throttled: throttle });
  }

  /** Deliveries and what digests show go to the renderer, deferred channels and those that wait for similar ones to the scheduler. */
  private async proceed(
    event: DecidedEvent,
    notification: NotificationFacts,
    type: NotificationType,
    catalog: Catalog,
    recipient: KnownRecipient,
    decision: DecisionResult,
    revision?: string,
  ): Promise<void> {
    const { tenant } = event;
    const { deliveries } = decision;
    const { digests, batches } = waitingOf(decision, notification, event, type, catalog, recipient);
    const published = [
      ...this.defer(event, notification, decision, revision),
      ...this.waitForSimilar(event, notification, batches),
    ];
    if (deliveries.length + digests.length > 0) {
      const routed = routedOf(event, notification, type, catalog, recipient, deliveries, digests);
      published.push(
        this.messages.publish(notificationRouted, routed, { id: notification.id, tenant, subject: recipient.id }),
      );
    }
    await Promise.all(published);
  }

  private waitForSimilar(
    event: DecidedEvent,
    notification: NotificationFacts,
    batches: readonly WaitingChannel[],
  ): Promise<void>[] {
    return batches.map((waiting) => {
      const id = uuidv8(timeOfId(notification.id), 'batch item', notification.id, waiting.channel);
      return this.messages.publish(digestItem, batchItemOf(event, notification, waiting), { id, tenant: event.tenant });
    });
  }

  private defer(
    event: DecidedEvent,
    notification: NotificationFacts,
    decision: DecisionResult,
    revision?: string,
  ): Promise<void>[] {
    return deferralsOf(decision).map((deferral) => {
      const timer = timerOf(this.messages.source, event, notification, deferral, revision);
      return this.messages.publish(timerSet, timer, { id: timer.timer_id, tenant: event.tenant });
    });
  }
}
