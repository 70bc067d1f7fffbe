import { Body, Controller, Delete, Get, Param, Post } from '@nestjs/common';
import {
  checkEvent,
  checkEvents,
  dryRunEvent,
  dryRunRequestSchema,
  dryRunSchema,
  eventProgressSchema,
  eventRequestSchema,
  eventsAtOnce,
  fieldErrors,
  getEvent,
  renderedNotificationSchema,
  renderNotifications,
  type DryRunRequest,
  type EventProgress,
  type EventRequest,
} from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { z } from 'zod';
import { Allow, CallerName, Tenant } from '../access/access.guard.ts';
import { Describe } from '../http/describe.ts';
import { body } from '../http/input.pipe.ts';
import { uuid } from '../http/uuid.pipe.ts';
import { Identity, type RequestIdentity } from '../idempotency/request-identity.ts';
import { Cancelling, cancellationSchema, type Cancellation } from './cancellation.ts';
import { FrontDoor, type Accepted } from './front-door.ts';
import { RequiredData } from './required-data.ts';

const acceptedSchema = z.object({
  id: z.string(),
  /** Left out for an audience, and for an event that could not be checked because RabbitMQ is away. */
  notifications: z.array(z.object({ id: z.string(), recipient: z.string() })).optional(),
});

const triedNotificationSchema = dryRunSchema.shape.notifications.element
  .omit({ routed: true, channels: true, notification_id: true })
  .extend({
    /** Why each channel would be chosen, deferred or dropped. */
    decision: dryRunSchema.shape.notifications.element.shape.channels,
    /** What it would say, by channel. */
    rendered: renderedNotificationSchema.shape.rendered,
    /** Whose words each channel would use. */
    template: renderedNotificationSchema.shape.template,
    /** Channels that could not be rendered, and why. */
    errors: renderedNotificationSchema.shape.errors,
  });
const triedSchema = dryRunSchema.omit({ words: true }).extend({ notifications: z.array(triedNotificationSchema) });

const bulkSchema = z.strictObject({ events: z.array(eventRequestSchema).min(1).max(eventsAtOnce) });
/** One event that is wrong must not keep the others from being looked at. */
const anyBulkSchema = z.strictObject({
  events: z
    .array(z.unknown())
    .min(1, 'bring at least one event')
    .max(eventsAtOnce, `bring at most ${eventsAtOnce} events`),
});
const refusedSchema = z.object({
  status: z.number().int(),
  code: z.string(),
  title: z.string(),
  detail: z.string().optional(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});
const bulkResultSchema = z.object({
  results: z.array(z.union([acceptedSchema.extend({ status: z.literal(202) }), refusedSchema])),
});
type Result = z.infer<typeof bulkResultSchema>['results'][number];

function invalid(error: z.ZodError): z.infer<typeof refusedSchema> {
  return { status: 400, code: 'invalid_body', title: 'The event is not valid', errors: fieldErrors(error.issues) };
}

const refusals =
  'unknown_type, unknown_category, invalid_data, missing_data, unknown_recipient, unreachable_recipient, expires_before_send';

/** Events of servers: the HTTP side of the front door. */
@Controller('v1/events')
@Allow('events:write', { read: 'viewer', change: 'editor' })
export class EventsController {
  constructor(
    private readonly messages: Messages,
    private readonly required: RequiredData,
    private readonly frontDoor: FrontDoor,
    private readonly cancelling: Cancelling,
  ) {}

  @Post()
  @Describe({
    summary: 'Publish an event',
    description:
      'To named recipients or to an audience. Checked against the catalog and the recipients, then published to RabbitMQ; 202 means that the broker has confirmed it. The ids of its notifications are told at once, except for an audience. While RabbitMQ is away the event is kept in the outbox and published as soon as it is back, in the order of the tenant’s events; 202 is certain all the same, but nobody can be asked about type and recipients, so `notifications` is left out, and an event that nothing can be done with becomes a dead letter.',
    body: eventRequestSchema,
    response: acceptedSchema,
    status: 202,
    errors: { 422: refusals },
  })
  async publish(
    @Tenant() tenant: string,
    @Identity() identity: RequestIdentity,
    @Body(body(eventRequestSchema)) request: EventRequest,
  ): Promise<Accepted> {
    const checked = await this.frontDoor.ask(() => this.messages.call(checkEvent, { tenant, event: request }));
    if (checked) await this.required.refuseMissing(tenant, { data: request.data, words: checked.words });
    return this.frontDoor.accept(tenant, request, checked?.types, identity);
  }

  @Post('bulk')
  @Describe({
    summary: 'Publish up to 1,000 events',
    description:
      'Each is checked and accepted or refused by itself, as by `POST /v1/events`; the results stand in the order of the events. Those with status 202 are published, whatever became of the others.',
    body: bulkSchema,
    response: bulkResultSchema,
  })
  async publishMany(
    @Tenant() tenant: string,
    @Identity() identity: RequestIdentity,
    @Body(body(anyBulkSchema)) { events }: z.infer<typeof anyBulkSchema>,
  ): Promise<z.infer<typeof bulkResultSchema>> {
    const parsed = events.map((event) => eventRequestSchema.safeParse(event));
    const valid = parsed.flatMap(({ data }) => data ?? []);
    const answer =
      valid.length > 0 && (await this.frontDoor.ask(() => this.messages.call(checkEvents, { tenant, events: valid })));
    const checked = answer ? answer.results : valid.map(() => ({ types: undefined, words: undefined }));
    const missing = await this.required.problemsOf(
      tenant,
      checked.map((result, index) => ('types' in result ? { data: valid[index]!.data, words: result.words } : {})),
    );
    let next = 0;
    const results = parsed.map(async ({ data, error }, place): Promise<Result> => {
      if (!data) return invalid(error);
      const result = missing[next]?.toJSON() ?? checked[next]!;
      next++;
      if (!('types' in result)) return result;
      return { status: 202, ...(await this.frontDoor.accept(tenant, data, result.types, identity, place)) };
    });
    return { results: await Promise.all(results) };
  }

  @Post('dry-run')
  @Allow('events:write', 'viewer')
  @Describe({
    summary: 'What an event would become',
    description:
      'Runs the same decision and the same rendering as a real event and sends nothing. Without recipients and audience it is taken as the event of a domain service: the catalog’s `when` and `to` say who would hear of it. At most 20 notifications are shown; `notifications_total` says how many there would be.',
    body: dryRunRequestSchema,
    response: triedSchema,
    errors: { 422: `${refusals}, no_recipient, expression_failed` },
  })
  async tryOut(
    @Tenant() tenant: string,
    @Body(body(dryRunRequestSchema)) event: DryRunRequest,
  ): Promise<z.infer<typeof triedSchema>> {
    const { notifications, words: used, ...result } = await this.messages.call(dryRunEvent, { tenant, event });
    await this.required.refuseMissing(tenant, { data: event.data, words: used });
    const routed = notifications.flatMap((notification) => notification.routed ?? []);
    const words =
      routed.length === 0 ? [] : (await this.messages.call(renderNotifications, { tenant, routed })).notifications;
    const wordsOf = new Map(words.map(({ notification_id, ...rest }) => [notification_id, rest]));
    return {
      ...result,
      // No ids: a real event would have its own.
      notifications: notifications.map(({ routed: _, channels, notification_id, ...notification }) => ({
        ...notification,
        decision: channels,
        ...(wordsOf.get(notification_id) ?? { rendered: {}, template: {}, errors: [] }),
      })),
    };
  }

  @Get(':id')
  @Describe({ summary: 'Progress of an event', response: eventProgressSchema, errors: { 404: 'not_found' } })
  progress(@Tenant() tenant: string, @Param('id', uuid('event')) id: string): Promise<EventProgress> {
    return this.messages.call(getEvent, { tenant, id });
  }

  @Delete(':id')
  @Describe({
    summary: 'Cancel what of an event has not been sent yet',
    description:
      'Its pending timers and reminders, a fan-out that is under way, deliveries that wait or are on their way. What was sent stays. 202 means that the cancellation is certain, also for services that are away at this moment (`pending`); the answer says what was stopped and what was out already. Asking again changes nothing and counts anew.',
    response: cancellationSchema,
    status: 202,
    errors: { 404: 'not_found' },
  })
  cancel(
    @Tenant() tenant: string,
    @CallerName() by: string,
    @Param('id', uuid('event')) id: string,
  ): Promise<Cancellation> {
    return this.cancelling.cancel(tenant, id, by);
  }
}
