import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { timestampSchema } from '@carillon/contracts';
import { z } from 'zod';
import { Allow, CallerName, Tenant } from '../access/access.guard.ts';
import { Describe } from '../http/describe.ts';
import { Identity, type RequestIdentity } from '../idempotency/request-identity.ts';
import { body, query } from '../http/input.pipe.ts';
import { after, page, pagingSchema, type Page } from '../http/paging.ts';
import { uuid } from '../http/uuid.pipe.ts';
import {
  endpointInputSchema,
  endpointPatchSchema,
  endpointSchema,
  messageDetailSchema,
  messageSchema,
  messageStates,
  newEndpointSchema,
  rotationSchema,
  type Endpoint,
  type EndpointInput,
  type EndpointPatch,
  type Message,
  type MessageDetail,
  type NewEndpoint,
} from './endpoint.ts';
import { Endpoints } from './endpoints.ts';
import { MessageStore, replayedAtMost } from './message-store.ts';

const webhookId = uuid('webhook');
const messageId = uuid('webhook message');

const messagesQuery = z.strictObject({
  state: z.enum(messageStates).optional(),
  event: z.string().min(1).max(64).optional(),
  ...pagingSchema.shape,
});
const pageSchema = z.object({ data: z.array(messageSchema), next_cursor: z.string().nullable() });
const replaySchema = z.strictObject({
  since: timestampSchema.describe('What happened from then on.'),
  until: timestampSchema.optional().describe('What happened before then; left out: until now.'),
});
const replayedSchema = z.object({
  replayed: z.number().int(),
  more: z.boolean().describe(`There were more than ${replayedAtMost}: ask again.`),
});

/** Where a tenant’s servers are told what became of notifications. */
@Controller('v1/admin/webhooks')
@Allow('admin', { read: 'editor', change: 'owner' })
export class WebhooksController {
  constructor(
    private readonly endpoints: Endpoints,
    private readonly store: MessageStore,
  ) {}

  @Get()
  @Describe({ summary: 'The webhooks', response: z.object({ data: z.array(endpointSchema) }) })
  async list(@Tenant() tenant: string): Promise<{ data: Endpoint[] }> {
    return { data: await this.endpoints.list(tenant) };
  }

  @Post()
  @Describe({
    summary: 'Add a webhook',
    description:
      'From the answer on every fact of the wanted kinds is posted to the URL, signed as Standard Webhooks say, at least once and in no certain order. The answer has the secret, which is shown this once.',
    body: endpointInputSchema,
    bodyExample: {
      url: 'https://api.example.org/hooks/carillon',
      description: 'Marks invoices whose email bounced',
      events: ['delivery.failed', 'engagement.*'],
    },
    response: newEndpointSchema,
    status: 201,
    errors: { 409: 'too_many_webhooks', 422: 'invalid_webhook' },
  })
  create(
    @Tenant() tenant: string,
    @CallerName() by: string,
    @Identity() identity: RequestIdentity,
    @Body(body(endpointInputSchema)) input: EndpointInput,
  ): Promise<NewEndpoint> {
    return this.endpoints.create(tenant, input, { by, id: identity.id() });
  }

  @Get(':id')
  @Describe({ summary: 'One webhook', response: endpointSchema, errors: { 404: 'not_found' } })
  get(@Tenant() tenant: string, @Param('id', webhookId) id: string): Promise<Endpoint> {
    return this.endpoints.get(tenant, id);
  }

  @Patch(':id')
  @Describe({
    summary: 'Change a webhook',
    description: 'What waits goes to the new URL, too.',
    body: endpointPatchSchema,
    bodyExample: { events: [] },
    response: endpointSchema,
    errors: { 404: 'not_found', 422: 'invalid_webhook' },
  })
  change(
    @Tenant() tenant: string,
    @Param('id', webhookId) id: string,
    @Body(body(endpointPatchSchema)) patch: EndpointPatch,
  ): Promise<Endpoint> {
    return this.endpoints.change(tenant, id, patch);
  }

  @Delete(':id')
  @Describe({
    summary: 'Remove a webhook',
    description: 'Nothing is told there any more, also what waits. Answers with what was removed.',
    response: endpointSchema,
    errors: { 404: 'not_found' },
  })
  remove(@Tenant() tenant: string, @Param('id', webhookId) id: string): Promise<Endpoint> {
    return this.endpoints.remove(tenant, id);
  }

  @Post(':id/enable')
  @Describe({
    summary: 'Use a webhook again',
    description: 'What waited goes on at once. What happened while it was disabled is not told.',
    response: endpointSchema,
    errors: { 404: 'not_found' },
  })
  enable(@Tenant() tenant: string, @Param('id', webhookId) id: string): Promise<Endpoint> {
    return this.endpoints.enable(tenant, id);
  }

  @Post(':id/disable')
  @Describe({
    summary: 'Stop using a webhook',
    description: 'What waits is kept; what happens from now on is not told there.',
    response: endpointSchema,
    errors: { 404: 'not_found' },
  })
  disable(@Tenant() tenant: string, @CallerName() by: string, @Param('id', webhookId) id: string): Promise<Endpoint> {
    return this.endpoints.disable(tenant, id, `${by} disabled it.`);
  }

  @Post(':id/rotate-secret')
  @Describe({
    summary: 'Replace the secret of a webhook',
    description:
      'Until the overlap is over messages carry two signatures, by the new secret and by the former one, so that the receiver can change over in between. The answer has the new secret, which is shown this once.',
    body: rotationSchema,
    bodyExample: { overlap_seconds: 86_400 },
    response: newEndpointSchema,
    errors: { 404: 'not_found' },
  })
  rotate(
    @Tenant() tenant: string,
    @Identity() identity: RequestIdentity,
    @Param('id', webhookId) id: string,
    @Body(body(rotationSchema)) { overlap_seconds }: z.infer<typeof rotationSchema>,
  ): Promise<NewEndpoint> {
    return this.endpoints.rotateSecret(tenant, id, overlap_seconds, identity.id());
  }

  @Post(':id/test')
  @Describe({
    summary: 'Send a test message',
    description: 'A message of the type `webhook.test`, signed and tried again like every other.',
    response: messageDetailSchema,
    status: 202,
    errors: { 404: 'not_found' },
  })
  async test(
    @Tenant() tenant: string,
    @Identity() identity: RequestIdentity,
    @Param('id', webhookId) id: string,
  ): Promise<MessageDetail> {
    await this.endpoints.get(tenant, id);
    return this.store.get(tenant, id, await this.store.test(tenant, id, identity.id()));
  }

  @Post(':id/replay')
  @Describe({
    summary: 'Tell again all that failed',
    description:
      'With the same `webhook-id`, so that a receiver that got one after all knows it. The delays between attempts begin anew.',
    body: replaySchema,
    bodyExample: { since: '2026-11-21T00:00:00Z' },
    response: replayedSchema,
    status: 202,
    errors: { 404: 'not_found' },
  })
  async replayFailed(
    @Tenant() tenant: string,
    @Param('id', webhookId) id: string,
    @Body(body(replaySchema)) { since, until }: z.infer<typeof replaySchema>,
  ): Promise<{ replayed: number; more: boolean }> {
    await this.endpoints.get(tenant, id);
    return this.store.replayFailed(tenant, id, since, until ?? null);
  }

  @Get(':id/messages')
  @Describe({
    summary: 'What was told there, newest first',
    query: messagesQuery,
    response: pageSchema,
    errors: { 404: 'not_found' },
  })
  async messages(
    @Tenant() tenant: string,
    @Param('id', webhookId) id: string,
    @Query(query(messagesQuery)) { cursor, ...filter }: z.infer<typeof messagesQuery>,
  ): Promise<Page<Message>> {
    await this.endpoints.get(tenant, id);
    const place = after('webhook-messages', cursor);
    return page('webhook-messages', await this.store.list(tenant, id, { ...filter, after: place }));
  }

  @Get(':id/messages/:message')
  @Describe({
    summary: 'One message with every attempt',
    response: messageDetailSchema,
    errors: { 404: 'not_found' },
  })
  message(
    @Tenant() tenant: string,
    @Param('id', webhookId) id: string,
    @Param('message', messageId) message: string,
  ): Promise<MessageDetail> {
    return this.store.get(tenant, id, message);
  }

  @Post(':id/messages/:message/replay')
  @Describe({
    summary: 'Tell one message again',
    description: 'Also one that was taken before. With the same `webhook-id`.',
    response: messageSchema,
    status: 202,
    errors: { 404: 'not_found' },
  })
  replay(
    @Tenant() tenant: string,
    @Param('id', webhookId) id: string,
    @Param('message', messageId) message: string,
  ): Promise<Message> {
    return this.store.replay(tenant, id, message);
  }
}
