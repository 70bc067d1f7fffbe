import { CreateNotifications0001 } from './0001-create-notifications.ts';

/** In order. */
export const migrations = [CreateNotifications0001];
