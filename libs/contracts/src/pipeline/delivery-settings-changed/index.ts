import { z } from 'zod';
import { defineEvent } from '../../define.ts';
import { sentChannels } from '../../rpc/deliveries/index.ts';

/** The tenant is the event's own attribute. */
export const deliverySettingsChangedSchema = z.object({ channel: z.enum(sentChannels) });
export type DeliverySettingsChanged = z.infer<typeof deliverySettingsChangedSchema>;

export const deliverySettingsChanged = defineEvent<DeliverySettingsChanged>({
  type: 'carillon.delivery_settings.changed.v1',
  exchange: 'pipeline',
  key: 'delivery_settings.changed',
  lanes: false,
  announcement: true,
  summary: 'A tenant has other providers or caps: every replica of its senders reads them anew.',
  schema: deliverySettingsChangedSchema,
  example: { channel: 'sms' },
});
