import { Body, Controller, Delete, Get, Param, Post, Query, Res } from '@nestjs/common';
import {
  addSuppression,
  contactChannelSchema,
  listSuppressions,
  Problem,
  removeSuppression,
  suppressionFilterSchema,
  suppressionInputSchema,
  suppressionSchema,
  type ContactChannel,
  type Suppression,
  type SuppressionInput,
} from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { Allow, CallerName, Tenant } from '../access/access.guard.ts';
import { Describe } from '../http/describe.ts';
import { body, query } from '../http/input.pipe.ts';
import { after, page, pagingSchema, type Page } from '../http/paging.ts';

const listQuery = z.strictObject({ ...suppressionFilterSchema.shape, ...pagingSchema.shape });
const pageSchema = z.object({ data: z.array(suppressionSchema), next_cursor: z.string().nullable() });

const contactChannel = {
  transform(value: string): ContactChannel {
    const parsed = contactChannelSchema.safeParse(value);
    if (parsed.success) return parsed.data;
    throw Problem.notFound('channel', value.slice(0, 64));
  },
};

/** Addresses that nothing is sent to. */
@Controller('v1/admin/suppressions')
@Allow('admin', { read: 'viewer', change: 'support' })
export class SuppressionsController {
  constructor(private readonly messages: Messages) {}

  @Get()
  @Describe({ summary: 'Suppressed addresses, by channel and address', query: listQuery, response: pageSchema })
  async list(
    @Tenant() tenant: string,
    @Query(query(listQuery)) { limit, cursor, ...filter }: z.infer<typeof listQuery>,
  ): Promise<Page<Suppression>> {
    const request = { tenant, filter, limit, after: after('suppressions', cursor, /^\S+ \S/) };
    return page('suppressions', await this.messages.call(listSuppressions, request));
  }

  @Post()
  @Describe({
    summary: 'Suppress an address',
    description:
      'From now on nothing is sent there, mandatory types included, whoever has the address as a contact. 200 when it was suppressed already: then the reason and the note are new.',
    body: suppressionInputSchema,
    response: suppressionSchema,
    status: 201,
    also: { 200: 'It was suppressed already.' },
    errors: { 422: 'invalid_suppression' },
  })
  async add(
    @Tenant() tenant: string,
    @CallerName() created_by: string,
    @Body(body(suppressionInputSchema)) suppression: SuppressionInput,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Suppression> {
    const answer = await this.messages.call(addSuppression, { tenant, suppression, created_by });
    if (!answer.created) void reply.status(200);
    return answer.suppression;
  }

  @Delete(':channel/:address')
  @Describe({
    summary: 'Lift a suppression',
    description: 'The address may be sent to again. Answers with what was lifted.',
    response: suppressionSchema,
    errors: { 404: 'not_found' },
  })
  remove(
    @Tenant() tenant: string,
    @Param('channel', contactChannel) channel: ContactChannel,
    @Param('address') address: string,
  ): Promise<Suppression> {
    return this.messages.call(removeSuppression, { tenant, channel, address });
  }
}
