import { Controller, Get, Param, Query } from '@nestjs/common';
import {
  getRecipient,
  listRecipients,
  recipientFilterSchema,
  recipientSchema,
  type Recipient,
} from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { z } from 'zod';
import { Allow, Tenant } from '../access/access.guard.ts';
import { Describe } from '../http/describe.ts';
import { query } from '../http/input.pipe.ts';
import { after, page, pagingSchema, type Page } from '../http/paging.ts';
import { recipientId } from './recipient-id.ts';

const listQuery = z.strictObject({ ...recipientFilterSchema.shape, ...pagingSchema.shape });
const pageSchema = z.object({ data: z.array(recipientSchema), next_cursor: z.string().nullable() });

/** Recipients as those look for them who help people. */
@Controller('v1/admin/recipients')
@Allow('admin', 'viewer')
export class PeopleController {
  constructor(private readonly messages: Messages) {}

  @Get()
  @Describe({
    summary: 'Find recipients, by id',
    description: 'All filters that are given hold together; `q` is a part of an id, a name or an address, in any case.',
    query: listQuery,
    response: pageSchema,
  })
  async list(
    @Tenant() tenant: string,
    @Query(query(listQuery)) { limit, cursor, ...filter }: z.infer<typeof listQuery>,
  ): Promise<Page<Recipient>> {
    const request = { tenant, filter, limit, after: after('recipients', cursor, /./su) };
    return page('recipients', await this.messages.call(listRecipients, request));
  }

  @Get(':id')
  @Describe({ summary: 'One recipient with contacts', response: recipientSchema, errors: { 404: 'not_found' } })
  get(@Tenant() tenant: string, @Param('id', recipientId) id: string): Promise<Recipient> {
    return this.messages.call(getRecipient, { tenant, id });
  }
}
