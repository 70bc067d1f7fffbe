/**
 * Who consumes what: the whole street as data. Every service declares all of these queues when it starts, so that a
 * message always finds its queue and waits there, whichever service is started first or not deployed yet.
 */
import { deadLetter } from './dead-letter/index.ts';
import type { EventContract } from './define.ts';
import { deliverySettingsChanged } from './pipeline/delivery-settings-changed/index.ts';
import { domainEvent } from './events/domain-event/index.ts';
import { dueEvent } from './events/due-event/index.ts';
import { anyOutcome } from './outcomes/any-outcome/index.ts';
import { notificationRead } from './outcomes/notification-read/index.ts';
import { catalogApplied } from './pipeline/catalog-applied/index.ts';
import { catalogChanged } from './pipeline/catalog-changed/index.ts';
import { chunkRouted } from './pipeline/chunk-routed/index.ts';
import { digestItem } from './pipeline/digest-item/index.ts';
import { digestsWoken } from './pipeline/digests-woken/index.ts';
import { emailEngaged } from './pipeline/email-engaged/index.ts';
import { emailRendered } from './pipeline/email-rendered/index.ts';
import { eventCancelled } from './pipeline/event-cancelled/index.ts';
import { experimentObserved } from './pipeline/experiment-observed/index.ts';
import { inAppChunkRendered } from './pipeline/in-app-chunk-rendered/index.ts';
import { inAppRendered } from './pipeline/in-app-rendered/index.ts';
import { notificationRouted } from './pipeline/notification-routed/index.ts';
import { notificationSetApart } from './pipeline/notification-set-apart/index.ts';
import { receipts } from './pipeline/receipt/index.ts';
import { recipientErased } from './pipeline/recipient-erased/index.ts';
import { recipientGone } from './pipeline/recipient-gone/index.ts';
import { serviceBeat } from './pipeline/service-beat/index.ts';
import { smsRendered } from './pipeline/sms-rendered/index.ts';
import { suppressionAsked } from './pipeline/suppression-asked/index.ts';
import { suppressionChanges } from './pipeline/suppression-changed/index.ts';
import { templatesChanged } from './pipeline/templates-changed/index.ts';
import { timerSet } from './pipeline/timer-set/index.ts';
import { timersCancelled } from './pipeline/timers-cancelled/index.ts';
import { timersWoken } from './pipeline/timers-woken/index.ts';
import { inboxChanged } from './realtime/inbox-changed/index.ts';

export const consumers: Readonly<Record<string, readonly EventContract<any>[]>> = {
  gateway: [deadLetter, recipientErased, anyOutcome],
  preferences: [domainEvent, dueEvent, suppressionAsked],
  'template-renderer': [notificationRouted, notificationSetApart, chunkRouted, catalogApplied, experimentObserved],
  inbox: [inAppRendered, inAppChunkRendered, recipientErased, eventCancelled],
  'email-sender': [
    emailRendered,
    emailEngaged,
    receipts.email,
    suppressionChanges.email,
    recipientErased,
    eventCancelled,
  ],
  'sms-sender': [smsRendered, receipts.sms, suppressionChanges.sms, recipientErased, eventCancelled],
  scheduler: [
    timerSet,
    timersCancelled,
    timersWoken,
    digestItem,
    digestsWoken,
    notificationRead,
    recipientErased,
    eventCancelled,
  ],
};

/**
 * Who hears which announcements: each replica has a queue of its own for as long as it is connected. Listeners refresh what
 * they remember, and do so on every connect too (`Messages.onConnected`), for what they missed.
 */
export const listeners: Readonly<Record<string, readonly EventContract<any>[]>> = {
  preferences: [catalogChanged],
  'template-renderer': [templatesChanged],
  gateway: [inboxChanged, templatesChanged, serviceBeat, recipientGone],
  'email-sender': [deliverySettingsChanged],
  'sms-sender': [deliverySettingsChanged],
};

/** Services that answer questions: the gateway's, and the scheduler's about retention. */
export const rpcServices = [
  'preferences',
  'template-renderer',
  'inbox',
  'email-sender',
  'sms-sender',
  'scheduler',
  'gateway',
] as const;
