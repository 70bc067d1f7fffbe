import { watchInboxes } from '@carillon/contracts';
import type { RequestOf, ResponseOf } from '@carillon/messaging';
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { DataSource } from 'typeorm';

/** Remembers whose inboxes somebody watches, for all replicas. */
@Controller()
export class WatchingController {
  constructor(private readonly database: DataSource) {}

  /** In order, so that two who watch the same inboxes do not wait for each other in a circle. */
  @MessagePattern(watchInboxes.name)
  async watch(@Payload() request: RequestOf<typeof watchInboxes>): Promise<ResponseOf<typeof watchInboxes>> {
    const { tenant, recipients, seconds } = request;
    await this.database.query(
      `INSERT INTO watched_inboxes AS w (tenant, recipient, until)
       SELECT DISTINCT $1, recipient, now() + make_interval(secs => $3) FROM unnest($2::text[]) AS recipient ORDER BY recipient
       ON CONFLICT (tenant, recipient) DO UPDATE SET until = greatest(w.until, excluded.until)`,
      [tenant, recipients, seconds],
    );
    return {};
  }
}
