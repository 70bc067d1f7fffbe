import {
  countUnread,
  getNotification,
  listNotifications,
  markAllRead,
  markNotification,
  personalData,
  traceNotification,
} from '@carillon/contracts';
import type { ServiceOptions } from '@carillon/service';
import { z } from 'zod';
import { migrations } from '../migrations/index.ts';
import { AppModule } from './app.module.ts';
import { NotificationRow } from './notification-row.ts';

const config = z.object({});

/** The inbox as data: what `main.ts` runs and tests start in their own process. */
export const service: ServiceOptions<typeof config.shape> = {
  name: 'inbox',
  config,
  module: () => AppModule,
  entities: [NotificationRow],
  migrations,
  rpcs: [
    listNotifications,
    countUnread,
    getNotification,
    markNotification,
    markAllRead,
    traceNotification,
    personalData,
  ],
};
