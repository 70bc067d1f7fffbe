import { Body, Controller, Get, Param, Post, Put, Res } from '@nestjs/common';
import {
  getRecipient,
  parseInput,
  putRecipient,
  recipientIdSchema,
  recipientInputSchema,
  recipientSchema,
  type Recipient,
  type RecipientInput,
} from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { Allow, Tenant } from '../access/access.guard.ts';
import { RecipientTokens } from '../access/recipient-tokens.ts';
import { Describe } from '../http/describe.ts';
import { body } from '../http/input.pipe.ts';

const tokenSchema = z.object({ token: z.string(), expires_at: z.string() });
const recipientId = { transform: (id: string) => parseInput(z.object({ id: recipientIdSchema }), { id }, 'path').id };

/** Recipients, kept by the tenant's servers. */
@Controller('v1/recipients')
@Allow('recipients:write')
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

  @Get(':id')
  @Describe({ summary: 'One recipient with contacts', response: recipientSchema, errors: { 404: 'not_found' } })
  get(@Tenant() tenant: string, @Param('id', recipientId) id: string): Promise<Recipient> {
    return this.messages.call(getRecipient, { tenant, id });
  }

  @Post(':id/tokens')
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
