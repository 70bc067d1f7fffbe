import { CreateNotifications0001 } from './0001-create-notifications.ts';
import { ErasedRecipients0002 } from './0002-erased-recipients.ts';

/** In order. */
export const migrations = [CreateNotifications0001, ErasedRecipients0002];
