import { Controller, Get, Param } from '@nestjs/common';
import {
  decisionSchema,
  deliveryDetailSchema,
  getDecision,
  Problem,
  sentChannels,
  traceDeliveries,
  traceDigests,
  tracedDigestSchema,
  tracedNotificationSchema,
  traceNotification,
  type TracedNotification,
} from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { z } from 'zod';
import { Allow, Tenant } from '../access/access.guard.ts';
import { Describe } from '../http/describe.ts';
import { uuid } from '../http/uuid.pipe.ts';

const traceSchema = z.object({
  notification: decisionSchema.omit({ channels: true }),
  /** Why each channel was chosen or dropped. */
  decision: decisionSchema.shape.channels,
  /** What stands in the inbox, and which words it shows; null when it is not an in-app notification or not stored yet. */
  in_app: tracedNotificationSchema.nullable(),
  deliveries: z.array(deliveryDetailSchema),
  /** The digests and batches that it waits in or was sent with, and what became of those. */
  digests: z.array(tracedDigestSchema.extend({ deliveries: z.array(deliveryDetailSchema) })),
});
type Trace = z.infer<typeof traceSchema>;

/** The whole story of one notification, gathered from the services that know a part of it. */
@Controller('v1/notifications')
@Allow('events:write', 'viewer')
export class TracesController {
  constructor(private readonly messages: Messages) {}

  @Get(':id/trace')
  @Describe({
    summary: 'Why and how a notification was delivered, or not',
    response: traceSchema,
    errors: { 404: 'not_found' },
  })
  async trace(@Tenant() tenant: string, @Param('id', uuid('notification')) id: string): Promise<Trace> {
    const { channels, ...notification } = await this.messages.call(getDecision, { tenant, notification_id: id });
    const waited = channels.some(({ outcome }) => outcome === 'digest' || outcome === 'batch');
    const [in_app, digests, deliveries] = await Promise.all([
      this.inApp(tenant, notification.recipient, id),
      waited ? this.digests(tenant, id) : [],
      this.deliveries(tenant, id, sentChannels),
    ]);
    return { notification, decision: channels, in_app, deliveries, digests };
  }

  private async digests(tenant: string, id: string): Promise<Trace['digests']> {
    const { data } = await this.messages.call(traceDigests, { tenant, notification_id: id });
    return Promise.all(
      data.map(async (digest) => {
        const channels = sentChannels.filter((channel) => channel === digest.channel);
        const sentAs = digest.notification_id;
        return { ...digest, deliveries: sentAs === null ? [] : await this.deliveries(tenant, sentAs, channels) };
      }),
    );
  }

  private async deliveries(
    tenant: string,
    notification_id: string,
    channels: readonly (typeof sentChannels)[number][],
  ): Promise<Trace['deliveries']> {
    const answers = await Promise.all(
      channels.map((channel) => this.messages.call(traceDeliveries, { tenant, channel, notification_id })),
    );
    return answers.flatMap(({ data }) => data);
  }

  private async inApp(tenant: string, recipient: string, id: string): Promise<TracedNotification | null> {
    try {
      return await this.messages.call(traceNotification, { tenant, recipient, id });
    } catch (error) {
      if (error instanceof Problem && error.status === 404) return null;
      throw error;
    }
  }
}
