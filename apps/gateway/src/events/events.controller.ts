import { Body, Controller, Get, Param, Post } from '@nestjs/common';
import {
  checkEvent,
  eventId,
  eventProgressSchema,
  eventRequested,
  eventRequestSchema,
  freshId,
  getEvent,
  notificationId,
  type EventProgress,
  type EventRequest,
} from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { z } from 'zod';
import { Allow, Tenant } from '../access/access.guard.ts';
import { Describe } from '../http/describe.ts';
import { body } from '../http/input.pipe.ts';
import { uuid } from '../http/uuid.pipe.ts';

const acceptedSchema = z.object({
  id: z.string(),
  notifications: z.array(z.object({ id: z.string(), recipient: z.string() })),
});

/** Events of servers: the HTTP side of the front door. */
@Controller('v1/events')
@Allow('events:write')
export class EventsController {
  constructor(private readonly messages: Messages) {}

  @Post()
  @Describe({
    summary: 'Publish an event',
    description:
      'Checked against the catalog and the recipients, then published to RabbitMQ. 202 means that the broker has confirmed it.',
    body: eventRequestSchema,
    response: acceptedSchema,
    status: 202,
    errors: { 422: 'unknown_type, unknown_recipient, unreachable_recipient, expires_before_send' },
  })
  async publish(
    @Tenant() tenant: string,
    @Body(body(eventRequestSchema)) request: EventRequest,
  ): Promise<z.infer<typeof acceptedSchema>> {
    const { type } = await this.messages.call(checkEvent, { tenant, event: request });
    // The ids of what will become of the event are computed from its identity and time, so they can be told at once.
    const at = Date.now();
    const cloudEventId = freshId(at);
    await this.messages.publish(eventRequested, request, {
      id: cloudEventId,
      tenant,
      time: new Date(at).toISOString(),
    });
    const id = eventId(at, tenant, this.messages.source, cloudEventId);
    return {
      id,
      notifications: [...new Set(request.recipients)].map((recipient) => ({
        id: notificationId(id, type, recipient),
        recipient,
      })),
    };
  }

  @Get(':id')
  @Describe({ summary: 'Progress of an event', response: eventProgressSchema, errors: { 404: 'not_found' } })
  progress(@Tenant() tenant: string, @Param('id', uuid('event')) id: string): Promise<EventProgress> {
    return this.messages.call(getEvent, { tenant, id });
  }
}
