import { Controller, Delete, Get, Param, Post, Query } from '@nestjs/common';
import {
  cancelDigest,
  digestDetailSchema,
  digestFilterSchema,
  getDigest,
  listDigests,
  pendingDigestSchema,
  runDigest,
  type DigestDetail,
  type PendingDigest,
} from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { z } from 'zod';
import { Allow, Tenant } from '../access/access.guard.ts';
import { Describe } from '../http/describe.ts';
import { query } from '../http/input.pipe.ts';
import { after, page, pagingSchema, type Page } from '../http/paging.ts';
import { uuid } from '../http/uuid.pipe.ts';

const digestId = uuid('digest');
const listQuery = z.strictObject({ ...digestFilterSchema.shape, ...pagingSchema.shape });
const pageSchema = z.object({ data: z.array(pendingDigestSchema), next_cursor: z.string().nullable() });
const place = /^\d{4}-\d\d-\d\dT[\d:.]+Z [0-9a-f-]{36}$/;

/** What waits to be sent together: digests and batches. */
@Controller('v1/admin/digests')
@Allow('admin', { read: 'viewer', change: 'support' })
export class DigestsController {
  constructor(private readonly messages: Messages) {}

  @Get()
  @Describe({
    summary: 'What waits to be sent together',
    description:
      'Digests of recipients who have something hourly, daily or weekly, and batches of similar notifications. The next one first; with another `status` those that have ended, the latest first.',
    query: listQuery,
    response: pageSchema,
  })
  async list(
    @Tenant() tenant: string,
    @Query(query(listQuery)) { limit, cursor, ...filter }: z.infer<typeof listQuery>,
  ): Promise<Page<PendingDigest>> {
    const request = { tenant, filter, limit, after: after('digests', cursor, place) };
    return page('digests', await this.messages.call(listDigests, request));
  }

  @Get(':id')
  @Describe({
    summary: 'A digest with what waits in it',
    response: digestDetailSchema,
    errors: { 404: 'not_found' },
  })
  get(@Tenant() tenant: string, @Param('id', digestId) id: string): Promise<DigestDetail> {
    return this.messages.call(getDigest, { tenant, id });
  }

  @Delete(':id')
  @Describe({
    summary: 'Cancel a digest',
    description: 'What waits in it is not sent. What comes later opens another one.',
    response: pendingDigestSchema,
    errors: { 404: 'not_found', 409: 'digest_ended' },
  })
  cancel(@Tenant() tenant: string, @Param('id', digestId) id: string): Promise<PendingDigest> {
    return this.messages.call(cancelDigest, { tenant, id });
  }

  @Post(':id/run')
  @Describe({
    summary: 'Send a digest now',
    description: 'As if its time had come: quiet hours may still hold it back.',
    response: pendingDigestSchema,
    status: 202,
    errors: { 404: 'not_found', 409: 'digest_ended' },
  })
  run(@Tenant() tenant: string, @Param('id', digestId) id: string): Promise<PendingDigest> {
    return this.messages.call(runDigest, { tenant, id });
  }
}
