import { defineEvent } from '../../define.ts';
import { notificationRouted, type NotificationRouted } from '../notification-routed/index.ts';

/**
 * Templates that take long are filled in apart: whoever waits behind them waits in a queue of their own. With the deliveries on
 * the channels that this is about only.
 */
export const notificationSetApart = defineEvent<NotificationRouted>({
  ...notificationRouted,
  type: 'carillon.notification.set_apart.v1',
  key: 'set_apart',
  summary: 'The template of a routed notification takes long, so it is filled in by a worker when it is its turn.',
});
