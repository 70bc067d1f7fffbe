import {
  changeNotification,
  countUnread,
  deleteNotification,
  deleteRead,
  getNotification,
  inboxStats,
  listNotifications,
  markAllRead,
  missedNotifications,
  personalData,
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
    missedNotifications,
    countUnread,
    inboxStats,
    getNotification,
    changeNotification,
    markAllRead,
    deleteNotification,
    deleteRead,
    personalData,
  ],
};
