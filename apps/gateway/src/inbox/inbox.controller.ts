import { Controller, Get, Param, Post, Query } from '@nestjs/common';
import {
  countUnread,
  getNotification,
  inboxFilterSchema,
  listNotifications,
  markAllRead,
  markNotification,
  notificationSchema,
  type Notification,
} from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { z } from 'zod';
import { Allow, Me } from '../access/access.guard.ts';
import { Describe } from '../http/describe.ts';
import { query } from '../http/input.pipe.ts';
import { after, page, pagingSchema, type Page } from '../http/paging.ts';
import { uuid } from '../http/uuid.pipe.ts';

type Recipient = { tenant: string; recipient: string };

const listQuery = z.strictObject({ ...inboxFilterSchema.shape, ...pagingSchema.shape });
const pageSchema = z.object({ data: z.array(notificationSchema), next_cursor: z.string().nullable() });
const countSchema = z.object({ count: z.number().int() });
const updatedSchema = z.object({ updated: z.number().int() });

/** A recipient's own notifications. */
@Controller('v1/notifications')
@Allow('recipient')
export class InboxController {
  constructor(private readonly messages: Messages) {}

  @Get()
  @Describe({ summary: 'My notifications, newest first', query: listQuery, response: pageSchema })
  async list(
    @Me() me: Recipient,
    @Query(query(listQuery)) { limit, cursor, ...filter }: z.infer<typeof listQuery>,
  ): Promise<Page<Notification>> {
    return page(
      'notifications',
      await this.messages.call(listNotifications, { ...me, filter, limit, after: after('notifications', cursor) }),
    );
  }

  @Get('recent')
  @Describe({ summary: 'My last 50 notifications', response: z.object({ data: z.array(notificationSchema) }) })
  async recent(@Me() me: Recipient): Promise<{ data: Notification[] }> {
    const { data } = await this.messages.call(listNotifications, {
      ...me,
      filter: { status: 'all' },
      limit: 50,
      after: null,
    });
    return { data };
  }

  @Get('unread-count')
  @Describe({ summary: 'How many I have not read', response: countSchema })
  count(@Me() me: Recipient): Promise<{ count: number }> {
    return this.messages.call(countUnread, me);
  }

  @Post('read-all')
  @Describe({ summary: 'Mark all mine read', response: updatedSchema })
  readAll(@Me() me: Recipient): Promise<{ updated: number }> {
    return this.messages.call(markAllRead, me);
  }

  @Get(':id')
  @Describe({ summary: 'One of mine', response: notificationSchema, errors: { 404: 'not_found' } })
  get(@Me() me: Recipient, @Param('id', uuid('notification')) id: string): Promise<Notification> {
    return this.messages.call(getNotification, { ...me, id });
  }

  @Post(':id/read')
  @Describe({
    summary: 'Mark one read; repeating it changes nothing',
    response: notificationSchema,
    errors: { 404: 'not_found' },
  })
  read(@Me() me: Recipient, @Param('id', uuid('notification')) id: string): Promise<Notification> {
    return this.messages.call(markNotification, { ...me, id, read: true });
  }

  @Post(':id/unread')
  @Describe({
    summary: 'Mark one unread; repeating it changes nothing',
    response: notificationSchema,
    errors: { 404: 'not_found' },
  })
  unread(@Me() me: Recipient, @Param('id', uuid('notification')) id: string): Promise<Notification> {
    return this.messages.call(markNotification, { ...me, id, read: false });
  }
}
