import { defaultTenant, inboxChanged, type CloudEvent, type InboxChanged } from '@carillon/contracts';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { Feeds } from './feeds.ts';

/** Hears what has changed in the inboxes of those who have a socket here. */
@Controller()
export class RealtimeController {
  constructor(private readonly feeds: Feeds) {}

  @EventPattern<string>(inboxChanged.type)
  onChanged(@Payload() { tenant = defaultTenant, data }: CloudEvent<InboxChanged>): void {
    this.feeds.of(tenant, data.recipient)?.take(data);
  }
}
