import {
  changeNotification,
  deleteNotification,
  deleteRead,
  markAllRead,
  type Notification,
} from '@carillon/contracts';
import type { RequestOf, ResponseOf } from '@carillon/messaging';
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { notificationOf } from '../notification-row.ts';
import { Changing } from './changing.ts';
import { Deleting } from './deleting.ts';

/** Does what recipients want with their notifications. */
@Controller()
export class ChangingController {
  constructor(
    private readonly changing: Changing,
    private readonly deleting: Deleting,
  ) {}

  @MessagePattern(changeNotification.name)
  async change(@Payload() request: RequestOf<typeof changeNotification>): Promise<Notification> {
    return notificationOf(await this.changing.change(request, request.id, request.change), new Date());
  }

  @MessagePattern(markAllRead.name)
  async markAllRead(@Payload() request: RequestOf<typeof markAllRead>): Promise<ResponseOf<typeof markAllRead>> {
    const { type, category } = request;
    return { updated: await this.changing.markAllRead(request, { type, category }) };
  }

  @MessagePattern(deleteNotification.name)
  async delete(
    @Payload() request: RequestOf<typeof deleteNotification>,
  ): Promise<ResponseOf<typeof deleteNotification>> {
    return { deleted: (await this.deleting.one(request, request.id)) ? 1 : 0 };
  }

  @MessagePattern(deleteRead.name)
  async deleteRead(@Payload() owner: RequestOf<typeof deleteRead>): Promise<ResponseOf<typeof deleteRead>> {
    return { deleted: await this.deleting.read(owner) };
  }
}
