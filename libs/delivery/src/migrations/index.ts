import { CreateDeliveries0001 } from './0001-create-deliveries.ts';
import { ErasedRecipients0002 } from './0002-erased-recipients.ts';
import { ProvidersAndCaps0003 } from './0003-providers-and-caps.ts';
import { DeliveryLog0004 } from './0004-delivery-log.ts';
import { Engagement0005 } from './0005-engagement.ts';
import { SendersGoByKeys0006 } from './0006-senders-go-by-keys.ts';
import { TemplateColumns0007 } from './0007-template-columns.ts';
import { CancelledEvents0008 } from './0008-cancelled-events.ts';

/** Of every sender, in order; a migration that has been released never changes. */
export const deliveryMigrations = [
  CreateDeliveries0001,
  ErasedRecipients0002,
  ProvidersAndCaps0003,
  DeliveryLog0004,
  Engagement0005,
  SendersGoByKeys0006,
  TemplateColumns0007,
  CancelledEvents0008,
];
