import {
  countUnread,
  getNotification,
  inboxStats,
  listNotifications,
  missedNotifications,
  traceNotification,
  type InboxStats,
  type Notification,
  type TracedNotification,
} from '@carillon/contracts';
import type { RequestOf, ResponseOf } from '@carillon/messaging';
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { notificationOf, type NotificationRow } from '../notification-row.ts';
import { Inbox } from './inbox.ts';

/** Answers what is in an inbox. */
@Controller()
export class ReadingController {
  constructor(private readonly inbox: Inbox) {}

  @MessagePattern(listNotifications.name)
  async list(@Payload() request: RequestOf<typeof listNotifications>): Promise<ResponseOf<typeof listNotifications>> {
    const { rows, next } = await this.inbox.list(request, request.filter, request.limit, request.after);
    return { data: shown(rows), next };
  }

  @MessagePattern(missedNotifications.name)
  async missed(
    @Payload() request: RequestOf<typeof missedNotifications>,
  ): Promise<ResponseOf<typeof missedNotifications>> {
    const { rows, overlap, more } = await this.inbox.missed(request, request, request.limit);
    return { data: shown(rows), overlap, more };
  }

  @MessagePattern(countUnread.name)
  async countUnread(@Payload() owner: RequestOf<typeof countUnread>): Promise<ResponseOf<typeof countUnread>> {
    return { count: await this.inbox.countUnread(owner) };
  }

  @MessagePattern(inboxStats.name)
  stats(@Payload() owner: RequestOf<typeof inboxStats>): Promise<InboxStats> {
    return this.inbox.stats(owner);
  }

  @MessagePattern(getNotification.name)
  async get(@Payload() request: RequestOf<typeof getNotification>): Promise<Notification> {
    return notificationOf(await this.inbox.get(request, request.id), new Date());
  }

  @MessagePattern(traceNotification.name)
  async trace(@Payload() request: RequestOf<typeof traceNotification>): Promise<TracedNotification> {
    const row = await this.inbox.get(request, request.id);
    return { ...notificationOf(row, new Date()), template: row.template };
  }
}

function shown(rows: NotificationRow[]): Notification[] {
  const now = new Date();
  return rows.map((row) => notificationOf(row, now));
}
