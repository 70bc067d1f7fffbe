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
  stopEvent,
  tendRetention,
  traceNotification,
  watchInboxes,
} from '@carillon/contracts';
import type { ServiceOptions } from '@carillon/service';
import { migrations } from '../migrations/index.ts';
import { AppModule } from './app.module.ts';
import { configSchema } from './config.ts';
import { NotificationRow } from './notification-row.ts';
import { Returns } from './returning/returns.ts';

/** The inbox as data: what `main.ts` runs and tests start in their own process. */
export const service: ServiceOptions<typeof configSchema.shape> = {
  name: 'inbox',
  config: configSchema,
  module: () => AppModule,
  entities: [NotificationRow],
  migrations,
  prepare: async (app) => {
    app.get(Returns).start();
  },
  rpcs: [
    listNotifications,
    missedNotifications,
    countUnread,
    inboxStats,
    getNotification,
    traceNotification,
    changeNotification,
    markAllRead,
    deleteNotification,
    deleteRead,
    personalData,
    stopEvent,
    tendRetention,
    watchInboxes,
  ],
};
