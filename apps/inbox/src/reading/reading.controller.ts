import {
  countUnread,
  getNotification,
  listNotifications,
  traceNotification,
  type Notification,
} from '@carillon/contracts';
import type { RequestOf, ResponseOf } from '@carillon/messaging';
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { notificationOf } from '../notification-row.ts';
import { Inbox } from './inbox.ts';

/** Answers what is in an inbox. */
@Controller()
export class ReadingController {
  constructor(private readonly inbox: Inbox) {}

  @MessagePattern(listNotifications.name)
  async list(@Payload() request: RequestOf<typeof listNotifications>): Promise<ResponseOf<typeof listNotifications>> {
    const { rows, next } = await this.inbox.list(request, request.filter, request.limit, request.after);
    return { data: rows.map(notificationOf), next };
  }

  @MessagePattern(countUnread.name)
  async countUnread(@Payload() owner: RequestOf<typeof countUnread>): Promise<ResponseOf<typeof countUnread>> {
    return { count: await this.inbox.countUnread(owner) };
  }

  @MessagePattern(getNotification.name)
  async get(@Payload() request: RequestOf<typeof getNotification>): Promise<Notification> {
    return notificationOf(await this.inbox.get(request, request.id));
  }

  @MessagePattern(traceNotification.name)
  async trace(@Payload() { tenant, id }: RequestOf<typeof traceNotification>): Promise<Notification> {
    return notificationOf(await this.inbox.getForTenant(tenant, id));
  }
}
