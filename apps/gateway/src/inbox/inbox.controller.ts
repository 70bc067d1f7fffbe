import { Body, Controller, Delete, Get, Param, Post, Query } from '@nestjs/common';
import {
  changeNotification,
  countUnread,
  deleteNotification,
  deleteRead,
  getNotification,
  inboxFilterSchema,
  inboxPlacePattern,
  inboxStats,
  inboxStatsSchema,
  listNotifications,
  markAllRead,
  notificationSchema,
  timestampSchema,
  type InboxStats,
  type Notification,
  type NotificationChange,
} from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { z } from 'zod';
import { Allow, Me } from '../access/access.guard.ts';
import { Describe, type RouteDescription } from '../http/describe.ts';
import { body, query } from '../http/input.pipe.ts';
import { after, page, pagingSchema, type Page } from '../http/paging.ts';
import { uuid } from '../http/uuid.pipe.ts';

type Recipient = { tenant: string; recipient: string };

const listQuery = z.strictObject({ ...inboxFilterSchema.shape, ...pagingSchema.shape });
const readAllQuery = inboxFilterSchema.pick({ type: true, category: true });
const deleteQuery = z.strictObject({
  status: z.literal('read', { error: 'must be read: only all that are read can be deleted at once' }),
});
const snoozeBody = z.strictObject({ until: timestampSchema });
const pageSchema = z.object({ data: z.array(notificationSchema), next_cursor: z.string().nullable() });
const countSchema = z.object({ count: z.number().int() });
const updatedSchema = z.object({ updated: z.number().int() });
const deletedSchema = z.object({ deleted: z.number().int() });

const id = () => Param('id', uuid('notification'));

/** Describes a change of one notification, which may be repeated. */
const change = (summary: string, more: Partial<RouteDescription> = {}): MethodDecorator =>
  Describe({
    summary,
    description: 'Repeating it changes nothing. Answers with the notification as it is now.',
    response: notificationSchema,
    ...more,
    errors: { 404: 'not_found', ...more.errors },
  });

/** A recipient's own notifications. */
@Controller('v1/notifications')
@Allow('recipient')
export class InboxController {
  constructor(private readonly messages: Messages) {}

  @Get()
  @Describe({
    summary: 'My notifications, newest first',
    description:
      'Without `status` what is in the inbox: neither archived nor snoozed. Expired ones are never listed. The order is that of `arrived_at`.',
    query: listQuery,
    response: pageSchema,
  })
  async list(
    @Me() me: Recipient,
    @Query(query(listQuery)) { limit, cursor, ...filter }: z.infer<typeof listQuery>,
  ): Promise<Page<Notification>> {
    const request = { ...me, filter, limit, after: after('notifications', cursor, inboxPlacePattern) };
    return page('notifications', await this.messages.call(listNotifications, request));
  }

  @Get('recent')
  @Describe({
    summary: 'The last 50 in my inbox',
    response: z.object({ data: z.array(notificationSchema) }),
  })
  async recent(@Me() me: Recipient): Promise<{ data: Notification[] }> {
    const filter = { status: 'inbox' as const };
    const { data } = await this.messages.call(listNotifications, { ...me, filter, limit: 50, after: null });
    return { data };
  }

  @Get('unread-count')
  @Describe({ summary: 'How many in my inbox I have not read', response: countSchema })
  count(@Me() me: Recipient): Promise<{ count: number }> {
    return this.messages.call(countUnread, me);
  }

  @Get('stats')
  @Describe({
    summary: 'How many I have, by status, category, type and priority',
    description:
      '`status` counts all that have not expired; `unseen`, `category`, `type` and `priority` what is in the inbox.',
    response: inboxStatsSchema,
  })
  stats(@Me() me: Recipient): Promise<InboxStats> {
    return this.messages.call(inboxStats, me);
  }

  @Post('read-all')
  @Describe({
    summary: 'Mark all in my inbox read, or those of a category or type',
    query: readAllQuery,
    response: updatedSchema,
  })
  readAll(
    @Me() me: Recipient,
    @Query(query(readAllQuery)) filter: z.infer<typeof readAllQuery>,
  ): Promise<{ updated: number }> {
    return this.messages.call(markAllRead, { ...me, ...filter });
  }

  @Delete()
  @Describe({
    summary: 'Delete all in my inbox that are read',
    description: 'For good. Archived and snoozed ones stay.',
    query: deleteQuery,
    response: deletedSchema,
  })
  deleteRead(
    @Me() me: Recipient,
    @Query(query(deleteQuery)) _: z.infer<typeof deleteQuery>,
  ): Promise<{ deleted: number }> {
    return this.messages.call(deleteRead, me);
  }

  @Get(':id')
  @Describe({
    summary: 'One of mine',
    description: 'Expired ones too, until they are removed. Of one that became one with an earlier one, that one.',
    response: notificationSchema,
    errors: { 404: 'not_found' },
  })
  get(@Me() me: Recipient, @id() id: string): Promise<Notification> {
    return this.messages.call(getNotification, { ...me, id });
  }

  @Delete(':id')
  @Describe({
    summary: 'Delete one of mine for good',
    description: '`deleted` is 0 when it was deleted before.',
    response: deletedSchema,
    errors: { 404: 'not_found' },
  })
  delete(@Me() me: Recipient, @id() id: string): Promise<{ deleted: number }> {
    return this.messages.call(deleteNotification, { ...me, id });
  }

  @Post(':id/read')
  @change('Mark one read')
  read(@Me() me: Recipient, @id() id: string): Promise<Notification> {
    return this.change(me, id, { to: 'read' });
  }

  @Post(':id/unread')
  @change('Mark one unread')
  unread(@Me() me: Recipient, @id() id: string): Promise<Notification> {
    return this.change(me, id, { to: 'unread' });
  }

  @Post(':id/seen')
  @change('Mark one seen: it was shown, but not necessarily read')
  seen(@Me() me: Recipient, @id() id: string): Promise<Notification> {
    return this.change(me, id, { to: 'seen' });
  }

  @Post(':id/archive')
  @change('Put one away: it is no longer in the inbox and does not count')
  archive(@Me() me: Recipient, @id() id: string): Promise<Notification> {
    return this.change(me, id, { to: 'archive' });
  }

  @Post(':id/unarchive')
  @change('Take one back into the inbox, to its place')
  unarchive(@Me() me: Recipient, @id() id: string): Promise<Notification> {
    return this.change(me, id, { to: 'unarchive' });
  }

  @Post(':id/snooze')
  @change('Hide one until a time, when it is back at the top and unread', {
    body: snoozeBody,
    bodyExample: { until: '2026-11-22T06:00:00Z' },
    errors: { 422: 'invalid_snooze' },
  })
  snooze(
    @Me() me: Recipient,
    @id() id: string,
    @Body(body(snoozeBody)) { until }: z.infer<typeof snoozeBody>,
  ): Promise<Notification> {
    return this.change(me, id, { to: 'snooze', until });
  }

  @Post(':id/unsnooze')
  @change('Have a snoozed one back at the top now')
  unsnooze(@Me() me: Recipient, @id() id: string): Promise<Notification> {
    return this.change(me, id, { to: 'unsnooze' });
  }

  private change(me: Recipient, id: string, to: NotificationChange): Promise<Notification> {
    return this.messages.call(changeNotification, { ...me, id, change: to });
  }
}
