import {
  defaultTenant,
  emailEngaged,
  engagementOutcomes,
  getEmailLink,
  Problem,
  timeOfId,
  uuidSchema,
  uuidv8,
  type CloudEvent,
  type EmailEngaged,
} from '@carillon/contracts';
import { EngagementStore, observe } from '@carillon/delivery';
import { Messages, withTrace, type RequestOf, type ResponseOf } from '@carillon/messaging';
import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { DataSource } from 'typeorm';
import { linksOf } from './links.ts';

/** What people, and programs, do with emails that have arrived. */
@Controller()
export class EngagementController {
  private readonly store: EngagementStore;

  constructor(
    private readonly db: DataSource,
    private readonly messages: Messages,
  ) {
    this.store = new EngagementStore(db);
  }

  /** Keeps an open or a click with its delivery and tells of it. One of a delivery that is gone is nobody's. */
  @EventPattern<string>(emailEngaged.type)
  async onEngaged(@Payload() { id, tenant = defaultTenant, data }: CloudEvent<EmailEngaged>): Promise<void> {
    const { delivery_id, kind, at } = data;
    const engaged = await this.store.record({ id, tenant, ...data });
    if (!engaged) return;
    const { by, traceparent, ...fact } = engaged;
    const told = { delivery_id, ...fact, channel: 'email', bot: by !== 'person', at } as const;
    const attributes = {
      tenant,
      id: uuidv8(timeOfId(delivery_id), 'engagement', id),
      subject: fact.recipient,
      time: at,
    };
    await withTrace(traceparent ?? undefined, () =>
      Promise.all([
        this.messages.publish(engagementOutcomes[kind], told, attributes),
        observe(this.messages, tenant, kind, told),
      ]),
    );
  }

  /** The link as it stands in the email that was kept: so nobody is sent anywhere but where an email led. */
  @MessagePattern(getEmailLink.name)
  async link(
    @Payload() { tenant, delivery_id, link }: RequestOf<typeof getEmailLink>,
  ): Promise<ResponseOf<typeof getEmailLink>> {
    if (!uuidSchema.safeParse(delivery_id).success) throw Problem.notFound('link', delivery_id);
    const [row]: { html: string | null }[] = await this.db.query(
      `SELECT content->>'html' AS html FROM deliveries WHERE tenant = $1 AND id = $2`,
      [tenant, delivery_id],
    );
    const url = linksOf(row?.html ?? '')[link];
    if (url === undefined) throw Problem.notFound('link', String(link));
    return { url };
  }
}
