import { markAllRead, markNotification, type Notification } from '@carillon/contracts';
import type { RequestOf, ResponseOf } from '@carillon/messaging';
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { notificationOf } from '../notification-row.ts';
import { Marking } from './marking.ts';

/** Changes what has been read. */
@Controller()
export class MarkingController {
  constructor(private readonly marking: Marking) {}

  @MessagePattern(markNotification.name)
  async mark(@Payload() request: RequestOf<typeof markNotification>): Promise<Notification> {
    return notificationOf(await this.marking.mark(request, request.id, request.read));
  }

  @MessagePattern(markAllRead.name)
  async markAllRead(@Payload() owner: RequestOf<typeof markAllRead>): Promise<ResponseOf<typeof markAllRead>> {
    return { updated: await this.marking.markAllRead(owner) };
  }
}
