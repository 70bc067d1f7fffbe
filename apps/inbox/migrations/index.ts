import { CreateNotifications0001 } from './0001-create-notifications.ts';
import { ErasedRecipients0002 } from './0002-erased-recipients.ts';
import { PlacesAndBatches0003 } from './0003-places-and-batches.ts';
import { WatchedInboxes0004 } from './0004-watched-inboxes.ts';
import { CancelledEvents0006 } from './0006-cancelled-events.ts';

/** In order. */
export const migrations = [
  CreateNotifications0001,
  ErasedRecipients0002,
  PlacesAndBatches0003,
  WatchedInboxes0004,
  CancelledEvents0006,
];
