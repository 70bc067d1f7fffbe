import { Body, Controller, Get, Param, Post, Put, Query, Res } from '@nestjs/common';
import {
  getRecipient,
  maxRecipientRows,
  putRecipient,
  putRecipients,
  putRecipientsResultSchema,
  recipientInputSchema,
  recipientRowsSchema,
  recipientSchema,
  type PutRecipientsResult,
  type Recipient,
  type RecipientInput,
} from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { Allow, Tenant } from '../access/access.guard.ts';
import { RecipientTokens } from '../access/recipient-tokens.ts';
import { flag } from '../catalog/queries.ts';
import { BodyLimit } from '../http/body-limit.ts';
import { Describe } from '../http/describe.ts';
import { body, query } from '../http/input.pipe.ts';
import { EveryTime } from '../idempotency/idempotency.interceptor.ts';
import { TimeLimit } from '../limits/time-limit.ts';
import { recipientId } from './recipient-id.ts';

const tokenSchema = z.object({ token: z.string(), expires_at: z.string() });

const bulkQuery = z.strictObject({
  /** Save the good rows although there are bad ones. */
  partial: flag,
});
/** The rows themselves are checked where they are saved: ten thousand at once would hold up everybody else here. */
const uncheckedRows = z.strictObject({
  recipients: z.array(z.unknown()).min(1).max(maxRecipientRows, `at most ${maxRecipientRows} recipients at a time`),
});
/** The body goes on as one message, and RabbitMQ 4 takes up to 16 MiB. */
const bulkBytes = 15 * 1024 * 1024;
const bulkTimeoutMs = 30_000;

/** Recipients, kept by the tenant's servers. */
@Controller('v1/recipients')
@Allow('recipients:write', { read: 'viewer', change: 'support' })
export class RecipientsController {
  constructor(
    private readonly messages: Messages,
    private readonly tokens: RecipientTokens,
  ) {}

  @Put(':id')
  @Describe({
    summary: 'Create or replace a recipient',
    description:
      'Replaces everything but the preferences. `email` and `phone` are short for a primary contact. 201 when it is new.',
    body: recipientInputSchema,
    response: recipientSchema,
    also: { 201: 'It is new.' },
    errors: { 422: 'invalid_recipient' },
  })
  async put(
    @Tenant() tenant: string,
    @Param('id', recipientId) id: string,
    @Body(body(recipientInputSchema)) input: RecipientInput,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Recipient> {
    const { created, recipient } = await this.messages.call(putRecipient, { tenant, id, recipient: input });
    if (created) void reply.status(201);
    return recipient;
  }

  @Post('bulk')
  @BodyLimit(bulkBytes)
  @TimeLimit(bulkTimeoutMs + 5_000)
  @Describe({
    summary: 'Create or replace up to 10,000 recipients',
    description:
      'Each as with `PUT`, with its `id`; rows that say what is known already are not written. When a row is wrong nothing is saved, unless `?partial=true`: then the good rows are saved and the wrong ones named in `errors`. `recipients[3].phone` is the phone of the fourth row; of many errors the first 100 are named. Bodies of up to 15 MiB.',
    body: recipientRowsSchema,
    bodyExample: { recipients: putRecipients.example.request.recipients },
    query: bulkQuery,
    response: putRecipientsResultSchema,
    errors: { 422: 'invalid_recipients' },
  })
  bulk(
    @Tenant() tenant: string,
    @Body(body(uncheckedRows)) { recipients }: z.infer<typeof uncheckedRows>,
    @Query(query(bulkQuery)) { partial }: z.infer<typeof bulkQuery>,
  ): Promise<PutRecipientsResult> {
    return this.messages.call(putRecipients, { tenant, recipients, partial }, { timeoutMs: bulkTimeoutMs });
  }

  @Get(':id')
  @Describe({ summary: 'One recipient with contacts', response: recipientSchema, errors: { 404: 'not_found' } })
  get(@Tenant() tenant: string, @Param('id', recipientId) id: string): Promise<Recipient> {
    return this.messages.call(getRecipient, { tenant, id });
  }

  @Post(':id/tokens')
  @EveryTime() // one that is minted again lives longer
  @Allow('recipients:write') // whoever holds the token is the recipient: for servers, not for people
  @Describe({
    summary: 'Mint a short-lived recipient token',
    description: 'For client apps, which then act as this recipient only.',
    response: tokenSchema,
    status: 201,
    errors: { 404: 'not_found' },
  })
  async mint(@Tenant() tenant: string, @Param('id', recipientId) id: string): Promise<z.infer<typeof tokenSchema>> {
    await this.messages.call(getRecipient, { tenant, id });
    return this.tokens.mint(tenant, id);
  }
}
