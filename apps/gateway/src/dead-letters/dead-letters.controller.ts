import { Controller, Get, Param, Post, Query } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { deadLetter, freshId, type CloudEvent } from '@carillon/contracts';
import { AmqpContext, Messages, replayRoute } from '@carillon/messaging';
import { z } from 'zod';
import { Allow, Tenant } from '../access/access.guard.ts';
import { Describe } from '../http/describe.ts';
import { query } from '../http/input.pipe.ts';
import { after, page, pagingSchema, type Page } from '../http/paging.ts';
import { uuid } from '../http/uuid.pipe.ts';
import { deadLetterOf } from './dead-letter-of.ts';
import { DeadLetterStore } from './dead-letter-store.ts';
import { deadLetterStatuses, keptDeadLetterSchema, type DeadLetterView } from './dead-letter-view.ts';

const listQuery = z.strictObject({ status: z.enum(deadLetterStatuses).optional(), ...pagingSchema.shape });
const pageSchema = z.object({ data: z.array(keptDeadLetterSchema), next_cursor: z.string().nullable() });

/** Messages that no stage could work with: kept with their reason until an admin replays or discards them. */
@Controller('v1/admin/dead-letters')
@Allow('admin', 'support')
export class DeadLettersController {
  constructor(
    private readonly store: DeadLetterStore,
    private readonly messages: Messages,
  ) {}

  @EventPattern<string>(deadLetter.type)
  onDeadLetter(@Payload() event: CloudEvent, @Ctx() { origin }: AmqpContext): Promise<void> {
    return this.store.keep(deadLetterOf(event, origin, freshId(), new Date().toISOString()));
  }

  @Get()
  @Describe({ summary: 'Dead letters, newest first', query: listQuery, response: pageSchema })
  async list(
    @Tenant() tenant: string,
    @Query(query(listQuery)) { status, limit, cursor }: z.infer<typeof listQuery>,
  ): Promise<Page<DeadLetterView>> {
    return page('dead-letters', await this.store.list(tenant, { status, limit, after: after('dead-letters', cursor) }));
  }

  @Get(':id')
  @Describe({ summary: 'One dead letter', response: keptDeadLetterSchema, errors: { 404: 'not_found' } })
  get(@Tenant() tenant: string, @Param('id', uuid('dead letter')) id: string): Promise<DeadLetterView> {
    return this.store.get(tenant, id);
  }

  @Post(':id/replay')
  @Describe({
    summary: 'Publish it again where it was published',
    description:
      'Mend the cause first. Ids are deterministic, so what had been done already is not done twice. What came through an exchange of a domain service goes straight to Carillon’s queue, so that nobody else gets it again.',
    response: keptDeadLetterSchema,
    status: 202,
    errors: { 404: 'not_found', 409: 'already_settled' },
  })
  replay(@Tenant() tenant: string, @Param('id', uuid('dead letter')) id: string): Promise<DeadLetterView> {
    return this.store.settle(tenant, id, 'replayed', (letter) => this.publishAgain(letter));
  }

  @Post(':id/discard')
  @Describe({
    summary: 'Give it up',
    response: keptDeadLetterSchema,
    status: 202,
    errors: { 404: 'not_found', 409: 'already_settled' },
  })
  discard(@Tenant() tenant: string, @Param('id', uuid('dead letter')) id: string): Promise<DeadLetterView> {
    return this.store.settle(tenant, id, 'discarded');
  }

  private publishAgain(letter: DeadLetterView): Promise<void> {
    const route = replayRoute(this.messages.names, letter);
    return this.messages.publisher.publishRaw(route, Buffer.from(letter.body, letter.body_encoding));
  }
}
