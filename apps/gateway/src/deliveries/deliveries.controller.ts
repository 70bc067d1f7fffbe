import { Controller, Get, Param, Post, Query } from '@nestjs/common';
import {
  deliveryDetailSchema,
  deliveryFilterSchema,
  deliverySchema,
  getDelivery,
  listDeliveries,
  Problem,
  retryDelivery,
  sentChannels,
  type Delivery,
  type DeliveryDetail,
  type SentChannel,
} from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { z } from 'zod';
import { Allow, Tenant } from '../access/access.guard.ts';
import { Describe } from '../http/describe.ts';
import { query } from '../http/input.pipe.ts';
import { after, page, pagingSchema, type Page } from '../http/paging.ts';
import { uuid } from '../http/uuid.pipe.ts';

const listQuery = z.strictObject({ ...deliveryFilterSchema.shape, ...pagingSchema.shape });
const pageSchema = z.object({ data: z.array(deliverySchema), next_cursor: z.string().nullable() });

const channel = {
  transform(value: string): SentChannel {
    if ((sentChannels as readonly string[]).includes(value)) return value as SentChannel;
    throw Problem.notFound('channel', value.slice(0, 64));
  },
};

/** The email and SMS logs. */
@Controller('v1/admin/deliveries/:channel')
@Allow('admin')
export class DeliveriesController {
  constructor(private readonly messages: Messages) {}

  @Get()
  @Describe({
    summary: 'Deliveries of a channel, newest first, destinations masked',
    query: listQuery,
    response: pageSchema,
  })
  async list(
    @Tenant() tenant: string,
    @Param('channel', channel) of: SentChannel,
    @Query(query(listQuery)) { limit, cursor, ...filter }: z.infer<typeof listQuery>,
  ): Promise<Page<Delivery>> {
    const list = `deliveries-${of}`;
    return page(
      list,
      await this.messages.call(listDeliveries, { tenant, channel: of, filter, limit, after: after(list, cursor) }),
    );
  }

  @Get(':id')
  @Describe({
    summary: 'One delivery with its content and attempts',
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
}
