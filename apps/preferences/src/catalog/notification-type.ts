import type { Channel, Priority } from '@carillon/contracts';

/** A catalog entry: everything the decision needs to know about a notification type. */
export interface NotificationType {
  key: string;
  category: string;
  priority: Priority;
  /** Channels used unless the event names others. */
  channels: readonly Channel[];
  /** Mandatory types ignore every switch of the recipient. */
  mandatory: boolean;
  /** Domain event types that trigger it, besides its own key. */
  on: readonly string[];
}
