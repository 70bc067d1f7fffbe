import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import {
  cancelDelivery,
  deliveryDetailSchema,
  deliveryFilterSchema,
  deliverySchema,
  deliveryStats,
  deliveryStatsSchema,
  getDelivery,
  listDeliveries,
  mostRetried,
  Problem,
  retriedSchema,
  retryDeliveries,
  retryDelivery,
  sentChannels,
  statsGroups,
  statsIntervals,
  type Delivery,
  type DeliveryDetail,
  type DeliveryStats,
  type SentChannel,
} from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { z } from 'zod';
import { Allow, Tenant } from '../access/access.guard.ts';
import { Describe } from '../http/describe.ts';
import { body, query } from '../http/input.pipe.ts';
import { after, page, pagingSchema, type Page } from '../http/paging.ts';
import { uuid } from '../http/uuid.pipe.ts';

const listQuery = z.strictObject({
  ...deliveryFilterSchema.shape,
  ...pagingSchema.shape,
  reveal: z.stringbool('must be true or false').default(false).describe('Show destinations in full'),
});
const statsQuery = z.strictObject({
  ...deliveryFilterSchema.shape,
  group_by: z.enum(statsGroups).default('status'),
  interval: z.enum(statsIntervals).default('day'),
});
const retryBody = z.strictObject({
  ...deliveryFilterSchema.shape,
  limit: z
    .number()
    .int()
    .min(1)
    .max(mostRetried)
    .default(1_000)
    .describe('How many at most; the newest are tried again first'),
});
const pageSchema = z.object({ data: z.array(deliverySchema), next_cursor: z.string().nullable() });

const channel = {
  transform(value: string): SentChannel {
    if ((sentChannels as readonly string[]).includes(value)) return value as SentChannel;
    throw Problem.notFound('channel', value.slice(0, 64));
  },
};

/** The email and SMS logs. */
@Controller('v1/admin/deliveries/:channel')
@Allow('admin', { read: 'viewer', change: 'support' })
export class DeliveriesController {
  constructor(private readonly messages: Messages) {}

  @Get()
  @Describe({
    summary: 'Deliveries of a channel, newest first, destinations masked',
    description:
      'Filters can be combined and each has an index. `q` searches what the other filters leave: narrow it by `created_from` in a large log.',
    query: listQuery,
    response: pageSchema,
    errors: { 404: 'not_found' },
  })
  async list(
    @Tenant() tenant: string,
    @Param('channel', channel) of: SentChannel,
    @Query(query(listQuery)) { limit, cursor, reveal, ...filter }: z.infer<typeof listQuery>,
  ): Promise<Page<Delivery>> {
    const list = `deliveries-${of}`;
    return page(
      list,
      await this.messages.call(listDeliveries, {
        tenant,
        channel: of,
        filter,
        limit,
        after: after(list, cursor),
        reveal,
      }),
    );
  }

  @Get('stats')
  @Describe({
    summary: 'How many deliveries there were, by group and over time',
    description:
      'Of the last seven days, or the last 24 hours by `interval=hour`, unless `created_from` and `created_to` say another period: at most 400 days, or 8 by the hour.',
    query: statsQuery,
    response: deliveryStatsSchema,
    errors: { 404: 'not_found', 422: 'invalid_period' },
  })
  stats(
    @Tenant() tenant: string,
    @Param('channel', channel) of: SentChannel,
    @Query(query(statsQuery)) { group_by, interval, ...filter }: z.infer<typeof statsQuery>,
  ): Promise<DeliveryStats> {
    return this.messages.call(deliveryStats, { tenant, channel: of, filter, group_by, interval });
  }

  @Post('retry')
  @Describe({
    summary: 'Try all failed or uncertain deliveries that match a filter again',
    description:
      'Answers with how many are tried again, and whether there are more: ask again for those. What is on its way again matches no longer, so repeating a request sends nothing twice.',
    body: retryBody,
    bodyExample: { failure: 'technical', created_from: '2026-11-21T00:00:00Z' },
    response: retriedSchema,
    status: 202,
    errors: { 404: 'not_found', 422: 'invalid_filter' },
  })
  retryMany(
    @Tenant() tenant: string,
    @Param('channel', channel) of: SentChannel,
    @Body(body(retryBody)) { limit, ...filter }: z.infer<typeof retryBody>,
  ): Promise<z.infer<typeof retriedSchema>> {
    return this.messages.call(retryDeliveries, { tenant, channel: of, filter, limit });
  }

  @Get(':id')
  @Describe({
    summary: 'One delivery with its content, attempts and receipts',
    response: deliveryDetailSchema,
    errors: { 404: 'not_found' },
  })
  get(
    @Tenant() tenant: string,
    @Param('channel', channel) of: SentChannel,
    @Param('id', uuid('delivery')) id: string,
  ): Promise<DeliveryDetail> {
    return this.messages.call(getDelivery, { tenant, channel: of, id });
  }

  @Post(':id/retry')
  @Describe({
    summary: 'Try a failed delivery again',
    response: deliveryDetailSchema,
    status: 202,
    errors: { 404: 'not_found', 409: 'not_retryable' },
  })
  retry(
    @Tenant() tenant: string,
    @Param('channel', channel) of: SentChannel,
    @Param('id', uuid('delivery')) id: string,
  ): Promise<DeliveryDetail> {
    return this.messages.call(retryDelivery, { tenant, channel: of, id });
  }

  @Post(':id/cancel')
  @Describe({
    summary: 'Take back a delivery that waits for another attempt',
    response: deliveryDetailSchema,
    errors: { 404: 'not_found', 409: 'not_cancellable' },
  })
  cancel(
    @Tenant() tenant: string,
    @Param('channel', channel) of: SentChannel,
    @Param('id', uuid('delivery')) id: string,
  ): Promise<DeliveryDetail> {
    return this.messages.call(cancelDelivery, { tenant, channel: of, id });
  }
}
