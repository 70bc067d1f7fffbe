import { Body, Controller, Get, Param, Post, Put, Query, Res } from '@nestjs/common';
import {
  getRetention,
  getRetentionRun,
  listRetentionRuns,
  retentionInputSchema,
  retentionRunSchema,
  retentionSchema,
  runRetention,
  setRetention,
  type Retention,
  type RetentionRun,
} from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { Allow, CallerName, Tenant } from '../access/access.guard.ts';
import { Describe } from '../http/describe.ts';
import { body, query } from '../http/input.pipe.ts';
import { after, page, pagingSchema, type Page } from '../http/paging.ts';
import { uuid } from '../http/uuid.pipe.ts';

const runSchema = z.strictObject({
  /** Only say what would be removed. */
  dry_run: z.boolean().default(false),
});
const pageSchema = z.object({ data: z.array(retentionRunSchema), next_cursor: z.string().nullable() });
/** Each service counts for itself; the slowest is waited for. */
const timeoutMs = 15_000;

/** For how long what is kept, and what was removed. */
@Controller('v1/admin/retention')
@Allow('admin', { read: 'viewer', change: 'owner' })
export class RetentionController {
  constructor(private readonly messages: Messages) {}

  @Get()
  @Describe({
    summary: 'For how long what is kept',
    description:
      'Every kind of data with the days that hold for you, those that hold by default, and the next time it is cleaned up.',
    response: retentionSchema,
  })
  get(@Tenant() tenant: string): Promise<Retention> {
    return this.messages.call(getRetention, { tenant });
  }

  @Put()
  @Describe({
    summary: 'Choose for how long what is kept',
    description:
      'Replaces your own days; a kind that is left out is kept for its default. Fewer days remove what is older with the next run.',
    body: retentionInputSchema,
    bodyExample: { days: { deliveries: 30, read_notifications: 90 } },
    response: retentionSchema,
  })
  set(
    @Tenant() tenant: string,
    @CallerName() by: string,
    @Body(body(retentionInputSchema)) { days }: z.infer<typeof retentionInputSchema>,
  ): Promise<Retention> {
    return this.messages.call(setRetention, { tenant, days, by });
  }

  @Post('run')
  @Describe({
    summary: 'Remove now what was kept for long enough',
    description:
      'Of your own data. With `dry_run` nothing is removed and nothing remembered: the answer (200) counts what would be, by kind, with the oldest. Without it the run has begun (202); `GET …/runs/{id}` says what it has removed. Of a kind with more than a million rows to go the first million is counted.',
    body: runSchema,
    bodyExample: { dry_run: true },
    response: retentionRunSchema,
    status: 202,
    also: { 200: 'What would be removed; nothing was.' },
  })
  async run(
    @Tenant() tenant: string,
    @CallerName() by: string,
    @Body(body(runSchema)) { dry_run }: z.infer<typeof runSchema>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RetentionRun> {
    const run = await this.messages.call(runRetention, { tenant, dry_run, by }, { timeoutMs });
    if (dry_run) reply.status(200);
    return run;
  }

  @Get('runs')
  @Describe({
    summary: 'What was removed, and when',
    description: 'Your own runs and those by the schedule, newest first, with what they removed of yours.',
    query: pagingSchema,
    response: pageSchema,
  })
  async list(
    @Tenant() tenant: string,
    @Query(query(pagingSchema)) { limit, cursor }: z.infer<typeof pagingSchema>,
  ): Promise<Page<RetentionRun>> {
    const request = { tenant, limit, after: after('retention', cursor) };
    return page('retention', await this.messages.call(listRetentionRuns, request));
  }

  @Get('runs/:id')
  @Describe({ summary: 'One run', response: retentionRunSchema, errors: { 404: 'not_found' } })
  one(@Tenant() tenant: string, @Param('id', uuid('retention run')) id: string): Promise<RetentionRun> {
    return this.messages.call(getRetentionRun, { tenant, id });
  }
}
