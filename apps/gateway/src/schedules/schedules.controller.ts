import { Body, Controller, Delete, Get, Param, Post, Put, Query } from '@nestjs/common';
import {
  checkEvent,
  deleteSchedule,
  getSchedule,
  listScheduleRuns,
  listSchedules,
  pauseSchedule,
  Problem,
  putSchedule,
  runSchedule,
  scheduleInputSchema,
  scheduleRunSchema,
  scheduleSchema,
  type Schedule,
  type ScheduleInput,
  type ScheduleRun,
} from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { z } from 'zod';
import { Allow, CallerName, Tenant } from '../access/access.guard.ts';
import { Describe } from '../http/describe.ts';
import { body, query } from '../http/input.pipe.ts';
import { after, page, pagingSchema, type Page } from '../http/paging.ts';
import { uuid } from '../http/uuid.pipe.ts';
import { Identity, type RequestIdentity } from '../idempotency/request-identity.ts';

const scheduleId = uuid('schedule');
const pageSchema = z.object({ data: z.array(scheduleSchema), next_cursor: z.string().nullable() });
const runsPageSchema = z.object({ data: z.array(scheduleRunSchema), next_cursor: z.string().nullable() });
const refusals = 'invalid_schedule, unknown_type, unknown_category, invalid_data';

/** What happens again and again: events for an audience, messages to domain services. */
@Controller('v1/admin/schedules')
@Allow('admin', { read: 'viewer', change: 'editor' })
export class SchedulesController {
  constructor(private readonly messages: Messages) {}

  @Get()
  @Describe({ summary: 'Recurring schedules, newest first', query: pagingSchema, response: pageSchema })
  async list(
    @Tenant() tenant: string,
    @Query(query(pagingSchema)) { limit, cursor }: z.infer<typeof pagingSchema>,
  ): Promise<Page<Schedule>> {
    const request = { tenant, limit, after: after('schedules', cursor) };
    return page('schedules', await this.messages.call(listSchedules, request));
  }

  @Post()
  @Describe({
    summary: 'Make a recurring schedule',
    description:
      'At each of its times it publishes an `event` for an audience, checked now as by `POST /v1/events`, or a message to an exchange of a domain service (`publish`). Its times are those of `cron` or of an `rrule` (RFC 5545) on the clocks of `time_zone`: once in a spring gap, shifted forward, once in an autumn overlap. Times that an outage made late happen once within the `deadline`. Answers with the next five.',
    body: scheduleInputSchema,
    response: scheduleSchema,
    status: 201,
    errors: { 409: 'too_many_schedules', 422: refusals },
  })
  async create(
    @Tenant() tenant: string,
    @CallerName() by: string,
    @Identity() identity: RequestIdentity,
    @Body(body(scheduleInputSchema)) schedule: ScheduleInput,
  ): Promise<Schedule> {
    await this.check(tenant, schedule);
    return this.messages.call(putSchedule, { tenant, new_id: identity.id(), schedule, by });
  }

  @Get(':id')
  @Describe({ summary: 'A recurring schedule', response: scheduleSchema, errors: { 404: 'not_found' } })
  get(@Tenant() tenant: string, @Param('id', scheduleId) id: string): Promise<Schedule> {
    return this.messages.call(getSchedule, { tenant, id });
  }

  @Put(':id')
  @Describe({
    summary: 'Change a recurring schedule',
    description: 'Replaces it as a whole. What was pending by the old rule is cancelled.',
    body: scheduleInputSchema,
    response: scheduleSchema,
    errors: { 404: 'not_found', 422: refusals },
  })
  async replace(
    @Tenant() tenant: string,
    @CallerName() by: string,
    @Param('id', scheduleId) id: string,
    @Body(body(scheduleInputSchema)) schedule: ScheduleInput,
  ): Promise<Schedule> {
    await this.check(tenant, schedule);
    return this.messages.call(putSchedule, { tenant, id, schedule, by });
  }

  @Delete(':id')
  @Describe({ summary: 'Remove a recurring schedule', response: scheduleSchema, errors: { 404: 'not_found' } })
  remove(@Tenant() tenant: string, @Param('id', scheduleId) id: string): Promise<Schedule> {
    return this.messages.call(deleteSchedule, { tenant, id });
  }

  @Post(':id/pause')
  @Describe({
    summary: 'Pause a recurring schedule',
    description: 'Nothing happens until it is resumed, and what was missed meanwhile is not caught up on.',
    response: scheduleSchema,
    errors: { 404: 'not_found' },
  })
  pause(@Tenant() tenant: string, @Param('id', scheduleId) id: string): Promise<Schedule> {
    return this.messages.call(pauseSchedule, { tenant, id, paused: true });
  }

  @Post(':id/resume')
  @Describe({ summary: 'Resume a recurring schedule', response: scheduleSchema, errors: { 404: 'not_found' } })
  resume(@Tenant() tenant: string, @Param('id', scheduleId) id: string): Promise<Schedule> {
    return this.messages.call(pauseSchedule, { tenant, id, paused: false });
  }

  @Post(':id/run')
  @Describe({
    summary: 'Let a recurring schedule happen now',
    description: 'Besides its own times, and also while it is paused.',
    response: scheduleRunSchema,
    status: 202,
    errors: { 404: 'not_found' },
  })
  run(
    @Tenant() tenant: string,
    @Identity() identity: RequestIdentity,
    @Param('id', scheduleId) id: string,
  ): Promise<ScheduleRun> {
    const asked = { id: identity.id(), at: new Date(identity.at).toISOString() };
    return this.messages.call(runSchedule, { tenant, id, asked });
  }

  @Get(':id/runs')
  @Describe({
    summary: 'When a recurring schedule happened, newest first',
    query: pagingSchema,
    response: runsPageSchema,
    errors: { 404: 'not_found' },
  })
  async runs(
    @Tenant() tenant: string,
    @Param('id', scheduleId) id: string,
    @Query(query(pagingSchema)) { limit, cursor }: z.infer<typeof pagingSchema>,
  ): Promise<Page<ScheduleRun>> {
    const request = { tenant, id, limit, after: after('schedule-runs', cursor) };
    return page('schedule-runs', await this.messages.call(listScheduleRuns, request));
  }

  /** A mistake in the event is told now, not every Monday at eight. */
  private async check(tenant: string, { event }: ScheduleInput): Promise<void> {
    if (!event) return;
    try {
      await this.messages.call(checkEvent, { tenant, event });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const errors = error.errors?.map((each) => ({ ...each, path: `event.${each.path}` }));
      throw new Problem({ ...error.toJSON(), errors });
    }
  }
}
