import { CreateDeliveries0001 } from './0001-create-deliveries.ts';
import { ErasedRecipients0002 } from './0002-erased-recipients.ts';

/** Of every sender, in order; a migration that has been released never changes. */
export const deliveryMigrations = [CreateDeliveries0001, ErasedRecipients0002];
