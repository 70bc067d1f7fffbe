import { Body, Controller, Delete, Get, Param, Patch, Query } from '@nestjs/common';
import {
  cancelTimer,
  getTimer,
  listTimers,
  moveTimer,
  timerChangeSchema,
  timerFilterSchema,
  timerSchema,
  type Timer,
} from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { z } from 'zod';
import { Allow, Tenant } from '../access/access.guard.ts';
import { Describe } from '../http/describe.ts';
import { body, query } from '../http/input.pipe.ts';
import { after, page, pagingSchema, type Page } from '../http/paging.ts';
import { uuid } from '../http/uuid.pipe.ts';

const timerId = uuid('timer');
const listQuery = z.strictObject({ ...timerFilterSchema.shape, ...pagingSchema.shape });
const pageSchema = z.object({ data: z.array(timerSchema), next_cursor: z.string().nullable() });
const place = /^\d{4}-\d\d-\d\dT[\d:.]+Z [0-9a-f-]{36}$/;

/** What waits for its time. */
@Controller('v1/admin/timers')
@Allow('admin', { read: 'viewer', change: 'support' })
export class TimersController {
  constructor(private readonly messages: Messages) {}

  @Get()
  @Describe({
    summary: 'What waits for its time',
    description:
      'Events with `send_at`, notifications that wait for the end of quiet hours or for a digest, the next times of schedules. The next one first; with another `status` those that have ended, the latest first.',
    query: listQuery,
    response: pageSchema,
  })
  async list(
    @Tenant() tenant: string,
    @Query(query(listQuery)) { limit, cursor, ...filter }: z.infer<typeof listQuery>,
  ): Promise<Page<Timer>> {
    const request = { tenant, filter, limit, after: after('timers', cursor, place) };
    return page('timers', await this.messages.call(listTimers, request));
  }

  @Get(':id')
  @Describe({ summary: 'A timer', response: timerSchema, errors: { 404: 'not_found' } })
  get(@Tenant() tenant: string, @Param('id', timerId) id: string): Promise<Timer> {
    return this.messages.call(getTimer, { tenant, id });
  }

  @Patch(':id')
  @Describe({
    summary: 'Let a timer fire at another time',
    body: timerChangeSchema,
    response: timerSchema,
    errors: { 404: 'not_found', 409: 'timer_ended', 422: 'past_due_at, due_after_deadline' },
  })
  move(
    @Tenant() tenant: string,
    @Param('id', timerId) id: string,
    @Body(body(timerChangeSchema)) { due_at }: z.infer<typeof timerChangeSchema>,
  ): Promise<Timer> {
    return this.messages.call(moveTimer, { tenant, id, due_at });
  }

  @Delete(':id')
  @Describe({
    summary: 'Cancel a timer',
    description: 'What it kept is not sent. Of a schedule only this one time.',
    response: timerSchema,
    errors: { 404: 'not_found', 409: 'timer_ended' },
  })
  cancel(@Tenant() tenant: string, @Param('id', timerId) id: string): Promise<Timer> {
    return this.messages.call(cancelTimer, { tenant, id });
  }
}
