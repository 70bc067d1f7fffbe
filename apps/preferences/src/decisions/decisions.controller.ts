import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { getDecision } from '@carillon/contracts';
import type { RequestOf, ResponseOf } from '@carillon/messaging';
import { NotificationStore } from '../notifications/notification-store.ts';

/** Why a recipient did or did not get a notification. */
@Controller()
export class DecisionsController {
  constructor(private readonly notifications: NotificationStore) {}

  @MessagePattern(getDecision.name)
  get(@Payload() { tenant, notification_id }: RequestOf<typeof getDecision>): Promise<ResponseOf<typeof getDecision>> {
    return this.notifications.decision(tenant, notification_id);
  }
}
